import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DecodeResult, DecodeTask } from './support/decode-child.ts';
import { type Bench, quantile, type Suite } from './support/suite.ts';

/** Processes of each way, in turns. */
const ROUNDS = 5;
const MEGABYTE = 1e6;

interface AnswerShape {
  readonly name: string;
  readonly series: number;
  readonly steps: number;
  /** Undefined: all the digits of a double, as the average of anything has. */
  readonly decimals: number | undefined;
  /** Decodings in one process. */
  readonly repeats: number;
}

const FIRST_READ: AnswerShape = { name: '1,000 x 2,016', series: 1000, steps: 2016, decimals: undefined, repeats: 1 };
const SHORT_NUMBERS: AnswerShape = { ...FIRST_READ, name: '1,000 x 2,016 with 3 decimals', decimals: 3 };
const INCREMENT: AnswerShape = {
  name: '10,000 x 3, read often',
  series: 10_000,
  steps: 3,
  decimals: undefined,
  repeats: 30,
};

const START_MS = 1_700_000_100_000;
const STEP_MS = 300_000;

export const suite: Suite = {
  async run(bench: Bench): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'openanomaly-decode-'));
    try {
      await compare(bench, FIRST_READ, join(dir, 'first.json'));
      await compare(bench, SHORT_NUMBERS, join(dir, 'short.json'));
      await compare(bench, INCREMENT, join(dir, 'increment.json'));
    } finally {
      await rm(dir, { recursive: true });
    }
  },
};

async function compare(bench: Bench, shape: AnswerShape, file: string): Promise<void> {
  bench.progress(`writing an answer of ${shape.name}`);
  await pipeline(answerText(shape), createWriteStream(file));
  const ours: DecodeResult[] = [];
  const theirs: DecodeResult[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bench.progress(`${shape.name}, round ${round + 1} of ${ROUNDS}`);
    ours.push(await decodeApart('ours', shape, file));
    theirs.push(await decodeApart('JSON.parse', shape, file));
  }
  if (new Set([...ours, ...theirs].map(({ sum }) => sum)).size !== 1)
    throw new Error('the two ways read different samples');
  report(bench, shape, { ours, theirs, bytes: (await stat(file)).size });
}

function report(
  bench: Bench,
  shape: AnswerShape,
  found: { readonly ours: readonly DecodeResult[]; readonly theirs: readonly DecodeResult[]; readonly bytes: number },
): void {
  const median = (results: readonly DecodeResult[], of: (result: DecodeResult) => number) =>
    quantile(results.map(of), 0.5);
  const both = (of: (result: DecodeResult) => number, unit = 1) => ({
    value: median(found.ours, of) / unit,
    baseline: median(found.theirs, of) / unit,
  });
  bench.add({ name: `${shape.name}: answer`, value: found.bytes / MEGABYTE, unit: 'MB' });
  if (shape === INCREMENT) {
    bench.add({ name: `${shape.name}: time`, unit: 'ms', ...both(({ laterMs }) => laterMs) });
    return;
  }
  const hasAims = shape === FIRST_READ;
  bench.add({
    name: `${shape.name}: time`,
    unit: 'ms',
    ...both(({ firstMs }) => firstMs),
    ...(hasAims && { aim: { of: 'ratio', atMost: 0.6 } as const }),
  });
  bench.add({
    name: `${shape.name}: peak memory of the process`,
    unit: 'MB',
    ...both(({ peakBytes }) => peakBytes, MEGABYTE),
    ...(hasAims && { aim: { of: 'value', atMost: 120 } as const }),
  });
  bench.add({
    name: `${shape.name}: longest block of the event loop`,
    unit: 'ms',
    ...both(({ longestBlockMs }) => longestBlockMs),
    ...(hasAims && { aim: { of: 'value', atMost: 20 } as const }),
  });
}

/** In a process of its own, as the peak of a process never goes down again. */
async function decodeApart(way: DecodeTask['way'], shape: AnswerShape, file: string): Promise<DecodeResult> {
  const task: DecodeTask = { way, file, startMs: START_MS, stepMs: STEP_MS, steps: shape.steps, rounds: shape.repeats };
  const child = fileURLToPath(new URL(`support/decode-child${extname(import.meta.url)}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(task)]);
  return JSON.parse(stdout) as DecodeResult;
}

function* answerText({ series, steps, decimals }: AnswerShape): Generator<string> {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
    return state / 2 ** 31;
  };
  yield '{"status":"success","data":{"resultType":"matrix","result":[';
  for (let s = 0; s < series; s++) {
    const samples = Array.from({ length: steps }, (_, i) => {
      const value = (random() + random() / 2 ** 31) * 100;
      return `[${(START_MS + i * STEP_MS) / 1000},"${decimals === undefined ? value : value.toFixed(decimals)}"]`;
    });
    const metric = `{"__name__":"request_seconds","instance":"host-${s}.example:9100","job":"web","mode":"idle","zone":"b"}`;
    yield `${s > 0 ? ',' : ''}{"metric":${metric},"values":[${samples.join(',')}]}`;
  }
  yield ']}}';
}
