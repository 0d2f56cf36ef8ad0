import { execFile } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ModelResult, ModelTask } from './support/model-child.ts';
import { type Bench, quantile, type Suite } from './support/suite.ts';

/** Processes of each way, in turns. */
const ROUNDS = 3;
const BATCHES = [1, 32, 512];
/** `workers.batch_series` as it is by default. */
const POOL_BATCH = 64;
const MEGABYTE = 1e6;
/** Largest difference of the mean forecast between two runtimes, of series around 100. */
const TOLERANCE = 0.01;

/**
 * Cost of the shipped model a series, on one thread, against the same model in WASM and against a statistical library;
 * and what its session adds to a process. README.md beside this file says what the series are.
 */
export const suite: Suite = {
  async run(bench) {
    const node: ModelResult[] = [];
    const web: ModelResult[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      bench.progress(`model, round ${round} of ${ROUNDS}`);
      node.push(await runApart({ way: 'onnxruntime-node', batches: BATCHES, rounds: 8 }));
      web.push(await runApart({ way: 'onnxruntime-web', batches: BATCHES, rounds: 2 }));
    }
    const sums = [...node, ...web].map(({ sum }) => sum);
    if (Math.max(...sums) - Math.min(...sums) > TOLERANCE) throw new Error('the two runtimes forecast differently');
    addTimes(bench, node, web);
    await addMemory(bench);
    await compareWithAugurs(bench, node);
    await addShortPeriods(bench, node);
    await addLooks(bench);
  },
};

function addTimes(bench: Bench, node: readonly ModelResult[], web: readonly ModelResult[]): void {
  BATCHES.forEach((count, i) => {
    bench.add({
      name: `batch ${count}: time a series, against onnxruntime-web`,
      unit: 'ms',
      value: median(node, ({ msPerSeries }) => msPerSeries[i]!),
      baseline: median(web, ({ msPerSeries }) => msPerSeries[i]!),
      ...(count > 1 && { aim: { of: 'value', atMost: 0.5 } as const }),
    });
  });
}

/** Of a batch as the pool cuts them: what larger ones take beside, their contexts and rows, is no session's. */
async function addMemory(bench: Bench): Promise<void> {
  const grown: number[][] = [[], []];
  for (let round = 1; round <= ROUNDS; round++) {
    bench.progress(`memory, round ${round} of ${ROUNDS}`);
    for (const [i, way] of (['onnxruntime-node', 'onnxruntime-web'] as const).entries()) {
      grown[i]!.push((await runApart({ way, batches: [POOL_BATCH], rounds: 5 })).grewBytes / MEGABYTE);
    }
  }
  bench.add({
    name: `resident memory that a session adds, batches of ${POOL_BATCH}`,
    unit: 'MB',
    value: quantile(grown[0]!, 0.5),
    baseline: quantile(grown[1]!, 0.5),
    aim: { of: 'value', atMost: 60 },
  });
}

async function compareWithAugurs(bench: Bench, node: readonly ModelResult[]): Promise<void> {
  bench.progress('augurs MSTL');
  const theirs = await runApart({ way: 'augurs', batches: [8], rounds: 3 });
  bench.add({
    name: 'batch 32: time a series, against @bsull/augurs MSTL',
    unit: 'ms',
    value: median(node, ({ msPerSeries }) => msPerSeries[BATCHES.indexOf(32)]!),
    baseline: theirs.msPerSeries[0]!,
  });
}

/** What is gained where no rhythm reaches back to the oldest patches. */
async function addShortPeriods(bench: Bench, node: readonly ModelResult[]): Promise<void> {
  const name = 'no period beyond 256 steps';
  bench.progress(name);
  const { msPerSeries } = await runApart({ way: 'onnxruntime-node, short periods', batches: [32], rounds: 8 });
  bench.add({
    name: `batch 32: time a series, ${name}, against a daily one`,
    unit: 'ms',
    value: msPerSeries[0]!,
    baseline: median(node, ({ msPerSeries }) => msPerSeries[BATCHES.indexOf(32)]!),
  });
}

/** What a series costs where nothing is known of it yet, and what `auto` costs. */
async function addLooks(bench: Bench): Promise<void> {
  for (const [way, name] of [
    ['first look', 'with its periods still to be found'],
    ['auto', 'engine auto'],
    ['auto, first look', 'engine auto, with periods and weights still to be found'],
  ] as const) {
    bench.progress(name);
    const { msPerSeries } = await runApart({ way, batches: [32], rounds: 5 });
    bench.add({ name: `batch 32: time a series, ${name}`, unit: 'ms', value: msPerSeries[0]! });
  }
}

function median(results: readonly ModelResult[], of: (result: ModelResult) => number): number {
  return quantile(results.map(of), 0.5);
}

/** In a process of its own: what a session took is never given back to the one that opened it. */
async function runApart(task: ModelTask): Promise<ModelResult> {
  const child = fileURLToPath(new URL(`support/model-child${extname(import.meta.url)}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', child, JSON.stringify(task)]);
  return JSON.parse(stdout) as ModelResult;
}
