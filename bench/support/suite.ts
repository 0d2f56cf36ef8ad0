import { asResult, type BenchReport, type BenchResult, describeMachine, type Measurement } from './report.ts';

/** What a suite is given to report with. */
export interface Bench {
  /** What is being done now; shown on a terminal only. */
  progress(text: string): void;
  add(measurement: Measurement): void;
}

/** A file `bench/<name>.ts` exports one as `suite`; `npm run bench` finds it by the file's name. */
export interface Suite {
  run(bench: Bench): Promise<void>;
}

const ERASE_LINE = '\r\u001b[K';

export async function runSuite(name: string, suite: Suite): Promise<BenchReport> {
  const results: BenchResult[] = [];
  const show = process.stderr.isTTY ? (text: string) => void process.stderr.write(ERASE_LINE + text) : () => {};
  try {
    await suite.run({
      progress: (text) => show(`${name}: ${text}`),
      add: (measurement) => void results.push(asResult(measurement)),
    });
  } finally {
    show('');
  }
  if (results.length === 0) throw new Error(`bench ${name} measured nothing`);
  return { suite: name, machine: describeMachine(), results };
}

/**
 * Medians of the milliseconds that two functions take, run in turns so that the machine's moods hit both alike. Both
 * run `warmups` times before anything counts.
 */
export function medianMsInTurns(
  ours: () => void,
  alternative: () => void,
  { rounds, warmups = 3 }: { readonly rounds: number; readonly warmups?: number },
): { readonly ours: number; readonly alternative: number } {
  const times: [number[], number[]] = [[], []];
  for (let round = -warmups; round < rounds; round++) {
    for (const [i, work] of [ours, alternative].entries()) {
      const start = performance.now();
      work();
      if (round >= 0) times[i]!.push(performance.now() - start);
    }
  }
  return { ours: quantile(times[0], 0.5), alternative: quantile(times[1], 0.5) };
}

/** The sample at a level of an unsorted list, nearest rank. */
export function quantile(values: readonly number[], level: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(level * sorted.length) - 1))] ?? Number.NaN;
}
