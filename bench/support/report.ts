import { cpus, totalmem } from 'node:os';

/** An aim bounds the value itself, or its ratio to the baseline. */
export interface Aim {
  readonly of: 'value' | 'ratio';
  readonly atMost: number;
}

export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The alternative, measured in the same run, in the same unit. */
  readonly baseline?: number;
  readonly aim?: Aim;
}

/** One line of a report file: the shape is the same for every suite and stays so. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline?: number;
  /** value / baseline */
  readonly ratio?: number;
  /** Such as `value <= 0.02`. */
  readonly aim?: string;
  readonly holds?: boolean;
}

export interface BenchReport {
  readonly suite: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGiB: number;
    readonly platform: string;
    readonly node: string;
  };
  readonly results: readonly BenchResult[];
}

export function describeMachine(): BenchReport['machine'] {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

export function asResult(measurement: Measurement): BenchResult {
  const { name, value, unit, baseline, aim } = measurement;
  const ratio = baseline === undefined ? undefined : value / baseline;
  return {
    name,
    value: rounded(value),
    unit,
    ...(baseline === undefined ? {} : { baseline: rounded(baseline) }),
    ...(ratio === undefined ? {} : { ratio: rounded(ratio) }),
    ...(aim === undefined ? {} : { aim: `${aim.of} <= ${aim.atMost}`, holds: holds(aim, value, ratio) }),
  };
}

function holds(aim: Aim, value: number, ratio: number | undefined): boolean {
  // A ratio that was not measured meets no aim.
  return (aim.of === 'value' ? value : (ratio ?? Number.POSITIVE_INFINITY)) <= aim.atMost;
}

/** Four significant digits: more is noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** An aligned table, one line a result. */
export function formatReport(report: BenchReport): string {
  const { cpu, cores, memoryGiB, node } = report.machine;
  const header = ['', 'value', 'unit', 'baseline', 'ratio', 'aim', ''];
  const rows = report.results.map((result) => [
    result.name,
    String(result.value),
    result.unit,
    String(result.baseline ?? ''),
    result.ratio === undefined ? '' : `${result.ratio.toPrecision(3)}x`,
    result.aim ?? '',
    result.holds === undefined ? '' : result.holds ? 'holds' : 'MISSED',
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]!.length)));
  const isNumber = [false, true, false, true, true, false, false];
  const lines = [header, ...rows].map((row) =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  return `${report.suite} (${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node})\n${lines.join('\n')}\n`;
}
