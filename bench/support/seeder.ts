import snappy from 'snappyjs';

/** Series of one gauge with evenly spaced samples; `valueAt` is asked once for each. */
export interface SeedPlan {
  readonly name: string;
  readonly series: number;
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
  valueAt(series: number, step: number): number;
}

/** A server takes history in time order, and nothing that is an hour older than its newest sample. */
const SLICE_MS = 30 * 60_000;
const SAMPLES_PER_REQUEST = 40_000;
/** Tag and length, then value (9 bytes) and timestamp (1 + 6 bytes: milliseconds of this century). */
const SAMPLE_BYTES = 18;

/** Writes millions of samples by remote write in seconds: labels are encoded once, samples have a fixed size. */
export async function seedGauge(url: string, plan: SeedPlan, progress: (share: number) => void): Promise<void> {
  const labels = Array.from({ length: plan.series }, (_, s) => encodeLabels(plan.name, s));
  const sliceSteps = Math.max(1, Math.floor(SLICE_MS / plan.stepMs));
  for (let step = 0; step < plan.steps; step += sliceSteps) {
    const count = Math.min(sliceSteps, plan.steps - step);
    const perRequest = Math.max(1, Math.floor(SAMPLES_PER_REQUEST / count));
    for (let first = 0; first < plan.series; first += perRequest) {
      const end = Math.min(plan.series, first + perRequest);
      await send(url, encode(plan, { labels, first, end, step, count }));
    }
    progress((step + count) / plan.steps);
  }
}

interface Slice {
  readonly labels: readonly Buffer[];
  readonly first: number;
  readonly end: number;
  readonly step: number;
  readonly count: number;
}

function encode(plan: SeedPlan, { labels, first, end, step, count }: Slice): Buffer {
  let size = 0;
  for (let s = first; s < end; s++) size += 6 + labels[s]!.length + count * SAMPLE_BYTES;
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (let s = first; s < end; s++) {
    out[at++] = 0x0a;
    at = writeVarint(out, at, labels[s]!.length + count * SAMPLE_BYTES);
    at += labels[s]!.copy(out, at);
    for (let i = step; i < step + count; i++) {
      out[at] = 0x12;
      out[at + 1] = SAMPLE_BYTES - 2;
      out[at + 2] = 0x09;
      out.writeDoubleLE(plan.valueAt(s, i), at + 3);
      out[at + 11] = 0x10;
      at = writeVarint(out, at + 12, plan.startMs + i * plan.stepMs);
    }
  }
  return out.subarray(0, at);
}

function encodeLabels(name: string, series: number): Buffer {
  const pairs = [
    ['__name__', name],
    ['instance', `host-${String(series).padStart(5, '0')}:9100`],
    ['job', 'bench'],
  ] as const;
  return Buffer.concat(
    pairs.map(([key, value]) =>
      field(0x0a, Buffer.concat([field(0x0a, Buffer.from(key)), field(0x12, Buffer.from(value))])),
    ),
  );
}

function field(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag, content.length]), content]);
}

function writeVarint(out: Buffer, at: number, value: number): number {
  let rest = value;
  while (rest >= 0x80) {
    out[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[at++] = rest;
  return at;
}

async function send(url: string, message: Buffer): Promise<void> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    body: snappy.compress(message),
  });
  if (!response.ok) throw new Error(`seeding: HTTP ${response.status} ${await response.text()}`);
}
