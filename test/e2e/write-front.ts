import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import snappy from 'snappyjs';
import { ConditionWaiters } from '../support/condition.ts';
import { WriteRequest } from '../support/remote-write-proto.ts';

/** What the front does with a request: hands it on, perhaps later, or answers itself. */
export type Turn = { readonly pass: true; readonly delayMs?: number } | { readonly status: number };

/** Stands before a real receiver and is a bad one when it is told. */
export interface WriteFront extends AsyncDisposable {
  readonly url: string;
  /** Where it hands on to. */
  target: string;
  turn: () => Turn;
  /** Statuses that it answered by itself, or that the receiver gave; 0 when there was no receiver. */
  readonly answers: readonly number[];
  /** Bodies that were answered 400. */
  readonly refused: readonly Buffer[];
  /** Resolves once the condition holds; it is looked at after every answer. */
  until(holds: () => boolean): Promise<void>;
}

export async function startWriteFront(target: string): Promise<WriteFront> {
  const answers: number[] = [];
  const refused: Buffer[] = [];
  const waiters = new ConditionWaiters();
  const state = { target, turn: (): Turn => ({ pass: true }) };
  const server = createServer(async (message, response) => {
    const body = await bodyOf(message);
    const turn = state.turn();
    let status: number;
    if ('pass' in turn) {
      if (turn.delayMs !== undefined) await delay(turn.delayMs);
      status = await handOn(state.target, message, body, response);
    } else {
      status = turn.status;
      response.writeHead(status, { 'retry-after': '0' }).end('as told');
    }
    if (status === 400) refused.push(body);
    answers.push(status);
    waiters.look();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`,
    answers,
    refused,
    get target() {
      return state.target;
    },
    set target(next) {
      state.target = next;
    },
    get turn() {
      return state.turn;
    },
    set turn(next) {
      state.turn = next;
    },
    until: (holds) => waiters.until(holds),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Answers what the target does; hangs up, as a dead one does, when there is none. */
function handOn(target: string, message: IncomingMessage, body: Buffer, response: ServerResponse): Promise<number> {
  return new Promise((resolve) => {
    const { host: _, connection: __, ...headers } = message.headers;
    const onward = request(target, { method: 'POST', headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
      answer.once('end', () => resolve(answer.statusCode!));
    });
    onward.once('error', () => {
      response.destroy();
      resolve(0);
    });
    onward.end(body);
  });
}

/** `series@milliseconds` of each sample in 1.0 bodies. */
export function samplesIn(bodies: readonly Buffer[]): Set<string> {
  const found = new Set<string>();
  for (const body of bodies) {
    const message = WriteRequest.decode(Buffer.from(snappy.uncompress(body))) as unknown as {
      timeseries: { labels: { name: string; value: string }[]; samples: { timestamp: { toNumber(): number } }[] }[];
    };
    for (const { labels, samples } of message.timeseries) {
      const series = labels.map(({ name, value }) => `${name}=${value}`).join(',');
      for (const { timestamp } of samples) found.add(`${series}@${timestamp.toNumber()}`);
    }
  }
  return found;
}
