import {
  asResult,
  type BenchReport,
  type BenchResult,
  describeMachine,
  formatReport,
  type Measurement,
} from './report.ts';

/** What a suite is given to report with. */
export interface Bench {
  /** Values of the suite's own options, `--name value`; undefined where not given. */
  readonly options: Readonly<Record<string, string | undefined>>;
  /** What is being done now; shown on a terminal only. */
  progress(text: string): void;
  /** Something that took a while is done: a line on standard error where that is no terminal. */
  done(text: string): void;
  add(measurement: Measurement): void;
  /** Shows text on standard output. A suite that has tables of its own replaces the list of results by them. */
  print(text: string): void;
}

/** A file `bench/<name>.ts` exports one as `suite`; `npm run bench` finds it by the file's name. */
export interface Suite {
  /** Names of options and what they are, each with a value: `--data DIR`. */
  readonly options?: Readonly<Record<string, string>>;
  /** Names of options that are there or not, and what they are; `true` among the options where they are. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Options without which the suite cannot run. When all suites run, those that need some are left out, and that is said. */
  readonly needs?: readonly string[];
  run(bench: Bench): Promise<void>;
}

const ERASE_LINE = '\r\u001b[K';

const BAR_CELLS = 24;

/** A bar for `progress`, with the share that is behind. */
export function progressBar(share: number, text: string): string {
  const full = Math.round(BAR_CELLS * Math.min(1, share));
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}] ${Math.floor(100 * share)} % ${text}`;
}

/** Runs a suite, shows its progress and prints what it measured. */
export async function runSuite(name: string, suite: Suite, options: Bench['options'] = {}): Promise<BenchReport> {
  const results: BenchResult[] = [];
  const { isTTY } = process.stderr;
  const show = isTTY ? (text: string) => void process.stderr.write(ERASE_LINE + text) : () => {};
  let printed = '';
  try {
    await suite.run({
      options,
      progress: (text) => show(`${name}: ${text}`),
      done: (text) => void (isTTY || process.stderr.write(`${name}: ${text}\n`)),
      add: (measurement) => void results.push(asResult(measurement)),
      print: (text) => {
        printed += text;
      },
    });
  } finally {
    show('');
  }
  if (results.length === 0) throw new Error(`bench ${name} measured nothing`);
  const report = { suite: name, machine: describeMachine(), results };
  process.stdout.write(printed === '' ? formatReport(report) : printed);
  return report;
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
