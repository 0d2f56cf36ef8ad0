import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import protobuf from 'protobufjs';
import snappy from 'snappyjs';
import { ConditionWaiters } from './condition.ts';

/** As on the wire, the value's bits included: a number may not keep those of a stale marker. */
export interface ReceivedSample {
  readonly labels: Readonly<Record<string, string>>;
  /** `name{a="b"}` */
  readonly series: string;
  readonly timestampMs: number;
  readonly value: number;
  readonly bits: bigint;
}

export interface ReceivedRequest {
  readonly version: 1 | 2;
  readonly headers: IncomingMessage['headers'];
  readonly samples: readonly ReceivedSample[];
  /** Of 2.0: type and help by metric name. */
  readonly metadata: ReadonlyMap<string, { readonly type: number; readonly help: string }>;
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly delayMs?: number;
  /** Breaks the connection instead of answering. */
  readonly hangUp?: boolean;
}

export type AnswerScript = (request: ReceivedRequest, index: number) => ScriptedAnswer;

/** A remote-write receiver on loopback that answers as it is told and notes every breach of the protocol. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly ReceivedRequest[];
  /** Samples of the requests that were answered 2xx, in the order of the answers. */
  readonly stored: readonly ReceivedSample[];
  /** What a sender must not do; empty when all is well. */
  readonly breaches: readonly string[];
  script: AnswerScript;
  /** Resolves once the condition holds; it is looked at after every answer. */
  until(holds: () => boolean): Promise<void>;
}

export const STALE_BITS = 0x7ff0000000000002n;
const OK: AnswerScript = (request) => (request.version === 1 ? { status: 204 } : written(request.samples.length));

/** 204 as a 2.0 receiver says it. */
export function written(samples: number, status = 204): ScriptedAnswer {
  return { status, headers: { 'X-Prometheus-Remote-Write-Samples-Written': String(samples) } };
}

export async function startReceiver(script: AnswerScript = OK, port = 0): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const stored: ReceivedSample[] = [];
  const breaches: string[] = [];
  const waiters = new ConditionWaiters();
  const receiver = { script };
  const server = createServer(async (message, response) => {
    const request = await read(message, breaches);
    const answer = receiver.script(request, requests.push(request) - 1);
    if (answer.delayMs !== undefined) await delay(answer.delayMs);
    if (answer.status < 300 && answer.hangUp !== true) stored.push(...request.samples);
    reply(response, answer);
    waiters.look();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/api/v1/write`,
    port: address.port,
    requests,
    stored,
    breaches,
    get script() {
      return receiver.script;
    },
    set script(next) {
      receiver.script = next;
    },
    until: (holds) => waiters.until(holds),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reply(response: ServerResponse, answer: ScriptedAnswer): void {
  if (answer.hangUp === true) response.destroy();
  else response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? '');
}

async function read(message: IncomingMessage, breaches: string[]): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { headers } = message;
  const version = headers['content-type'] === 'application/x-protobuf' ? 1 : 2;
  const expected: Record<string, string> = {
    'content-encoding': 'snappy',
    'content-type':
      version === 1 ? 'application/x-protobuf' : 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': version === 1 ? '0.1.0' : '2.0.0',
  };
  for (const [name, value] of Object.entries(expected))
    if (headers[name] !== value) breaches.push(`header ${name} is ${headers[name]}`);
  if (message.method !== 'POST') breaches.push(`method is ${message.method}`);
  if (!headers['user-agent']) breaches.push('no user-agent');
  const body = Buffer.from(snappy.uncompress(Buffer.concat(chunks)));
  const decoded = version === 1 ? decodeV1(body) : decodeV2(body, breaches);
  checkSamples(decoded, breaches);
  return { version, headers, samples: decoded.map(asSample), metadata: metadataOf(decoded) };
}

interface DecodedSample {
  readonly pairs: readonly string[];
  readonly timestampMs: number;
  readonly bits: bigint;
  readonly metadata: { readonly type: number; readonly help: string } | undefined;
}

/** The definitions of proto/, but with values as bits. */
function bitsProto(file: string, type: string): protobuf.Type {
  const text = readFileSync(new URL(`../../proto/${file}`, import.meta.url), 'utf8');
  return protobuf.parse(text.replace('double value', 'fixed64 value')).root.lookupType(type);
}

const WriteRequestBits = bitsProto('remote-write-1.proto', 'prometheus.WriteRequest');
const RequestBits = bitsProto('remote-write-2.proto', 'io.prometheus.write.v2.Request');

/** 64 bits as protobufjs gives them. */
interface Long {
  toNumber(): number;
  toUnsigned(): Long;
  toString(): string;
}

interface WireSample {
  readonly value: Long;
  readonly timestamp: Long;
}

function decodeV1(body: Uint8Array): DecodedSample[] {
  const message = WriteRequestBits.decode(body) as unknown as {
    timeseries: { labels: { name: string; value: string }[]; samples: WireSample[] }[];
  };
  return message.timeseries.flatMap(({ labels, samples }) =>
    samples.map((sample) => ({
      pairs: labels.flatMap(({ name, value }) => [name, value]),
      metadata: undefined,
      ...sampleOf(sample),
    })),
  );
}

function decodeV2(body: Uint8Array, breaches: string[]): DecodedSample[] {
  const message = RequestBits.decode(body) as unknown as {
    symbols: string[];
    timeseries: { labelsRefs: number[]; samples: WireSample[]; metadata?: { type: number; helpRef: number } }[];
  };
  if (message.symbols[0] !== '') breaches.push('the first symbol is not empty');
  if (new Set(message.symbols).size !== message.symbols.length) breaches.push('a symbol occurs twice');
  const symbol = (ref: number): string => {
    const text = message.symbols[ref];
    if (text === undefined) breaches.push(`reference ${ref} is outside of the symbols`);
    return text ?? '';
  };
  return message.timeseries.flatMap(({ labelsRefs, samples, metadata }) =>
    samples.map((sample) => ({
      pairs: labelsRefs.map(symbol),
      metadata: metadata === undefined ? undefined : { type: metadata.type, help: symbol(metadata.helpRef) },
      ...sampleOf(sample),
    })),
  );
}

function sampleOf(sample: WireSample): { timestampMs: number; bits: bigint } {
  return { timestampMs: sample.timestamp.toNumber(), bits: BigInt(sample.value.toUnsigned().toString()) };
}

function checkSamples(samples: readonly DecodedSample[], breaches: string[]): void {
  const seen = new Set<string>();
  for (const { pairs, timestampMs } of samples) {
    const names = pairs.filter((_, i) => i % 2 === 0);
    const series = pairs.join('\u0000');
    if (seen.has(series)) breaches.push(`series twice in a request: ${pairs.join(' ')}`);
    seen.add(series);
    if (!names.includes('__name__')) breaches.push(`no name: ${pairs.join(' ')}`);
    if (names.some((name, i) => i > 0 && names[i - 1]! >= name)) breaches.push(`not sorted: ${names.join(' ')}`);
    if (pairs.some((text) => text === '')) breaches.push(`empty label: ${pairs.join(' ')}`);
    if (names.some((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))) breaches.push(`bad name: ${names.join(' ')}`);
    if (timestampMs < 1e12 || timestampMs > 1e13) breaches.push(`not milliseconds: ${timestampMs}`);
  }
}

function asSample({ pairs, timestampMs, bits }: DecodedSample): ReceivedSample {
  const labels: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) labels[pairs[i]!] = pairs[i + 1]!;
  const { __name__: name = '', ...rest } = labels;
  const inner = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return { labels, series: `${name}{${inner.join(',')}}`, timestampMs, value: view.getFloat64(0), bits };
}

function metadataOf(samples: readonly DecodedSample[]): Map<string, { type: number; help: string }> {
  const found = new Map<string, { type: number; help: string }>();
  for (const { pairs, metadata } of samples)
    if (metadata !== undefined) found.set(pairs[pairs.indexOf('__name__') + 1]!, metadata);
  return found;
}
