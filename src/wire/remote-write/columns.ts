/** An output series in the form requests want it. */
export interface WireSeries {
  /** The `labels` fields of a 1.0 TimeSeries, encoded once: sorted by name, `__name__` among them. */
  readonly labelBytes: Uint8Array;
  /** Help text of its family; metadata of 2.0. */
  readonly help: string;
}

/** Samples as columns of one length. A series occurs at most once, so order within a request cannot go wrong. */
export interface SampleColumns<S extends WireSeries = WireSeries> {
  readonly series: readonly S[];
  /** Whole milliseconds since the epoch. */
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /** 1: the series ended at that instant and the value does not count; 0: a sample. */
  readonly ended: Uint8Array;
}

/** The samples at some positions, in the order of these. */
export function pickColumns<S extends WireSeries>(
  columns: SampleColumns<S>,
  positions: readonly number[],
): SampleColumns<S> {
  return {
    series: positions.map((i) => columns.series[i]!),
    timestampsMs: Float64Array.from(positions, (i) => columns.timestampsMs[i]!),
    values: Float64Array.from(positions, (i) => columns.values[i]!),
    ended: Uint8Array.from(positions, (i) => columns.ended[i]!),
  };
}

/** The samples whose positions `keep` accepts, in order. */
export function filterColumns<S extends WireSeries>(
  columns: SampleColumns<S>,
  keep: (position: number) => boolean,
): SampleColumns<S> {
  return pickColumns(columns, Array.from(columns.series, (_, i) => i).filter(keep));
}

/** Positions [from, to), sharing the memory of the original. */
export function sliceColumns<S extends WireSeries>(
  columns: SampleColumns<S>,
  from: number,
  to: number,
): SampleColumns<S> {
  return {
    series: columns.series.slice(from, to),
    timestampsMs: columns.timestampsMs.subarray(from, to),
    values: columns.values.subarray(from, to),
    ended: columns.ended.subarray(from, to),
  };
}

/** Several columns after one another. */
export function joinColumns<S extends WireSeries>(parts: readonly SampleColumns<S>[]): SampleColumns<S> {
  if (parts.length === 1) return parts[0]!;
  const count = parts.reduce((sum, part) => sum + part.series.length, 0);
  const timestampsMs = new Float64Array(count);
  const values = new Float64Array(count);
  const ended = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    timestampsMs.set(part.timestampsMs, at);
    values.set(part.values, at);
    ended.set(part.ended, at);
    at += part.series.length;
  }
  return { series: parts.flatMap((part) => part.series), timestampsMs, values, ended };
}
