import { type Labels, labelsFromRecord, labelsToRecord, labelValue } from '../../series/labels.ts';
import { labelText } from '../../wire/exposition.ts';

/** Label texts of a pipeline's series, made once and shared by all its families. */
export interface SeriesTexts {
  readonly series: readonly Labels[];
  /** One a series; undefined where the text equals that of an earlier series: a page must not hold a series twice. */
  readonly scored: readonly (string | undefined)[];
  /** The same for look-ahead lines, which get a label `horizon` of ours. */
  readonly ahead: readonly (string | undefined)[];
  /** Indexes of the series that are left out. */
  readonly duplicates: readonly number[];
}

export const HORIZON_LABEL = 'horizon';
export const VIEW_LABEL = 'view';

export const NO_SERIES_TEXTS: SeriesTexts = { series: [], scored: [], ahead: [], duplicates: [] };

/** Takes over every text of `before` that still stands at its place; an unchanged list costs nothing. */
export function seriesTexts(series: readonly Labels[], before: SeriesTexts): SeriesTexts {
  if (series === before.series || isSameSeries(series, before.series)) return { ...before, series };
  const known = new Map<string, string>();
  before.series.forEach((labels, s) => {
    const text = before.scored[s];
    if (text !== undefined) known.set(labels.key, text);
  });
  const taken = new Set<string>();
  const duplicates: number[] = [];
  const scored = series.map((labels, s) => {
    const text = known.get(labels.key) ?? labelText(labels);
    if (!taken.has(text)) {
      taken.add(text);
      return text;
    }
    duplicates.push(s);
    return undefined;
  });
  const clashes = series.some((labels) => labelValue(labels, HORIZON_LABEL) !== undefined);
  const ahead = clashes
    ? scored.map((text, s) => (text === undefined ? undefined : aheadText(series[s]!, text)))
    : scored;
  return { series, scored, ahead, duplicates };
}

/** The text of a series on a look-ahead line. */
export function aheadText(labels: Labels, scored: string): string {
  return besideOwn(HORIZON_LABEL, labels, scored);
}

/** The text of a series on a line that gets a label of ours; one that the source calls so gives way as in a scrape. */
export function besideOwn(own: string, labels: Labels, scored: string): string {
  const value = labelValue(labels, own);
  if (value === undefined) return scored;
  const { [own]: _, ...rest } = labelsToRecord(labels);
  let name = `exported_${own}`;
  while (rest[name] !== undefined) name = `exported_${name}`;
  return labelText(labelsFromRecord({ ...rest, [name]: value }));
}

function isSameSeries(a: readonly Labels[], b: readonly Labels[]): boolean {
  return a.length === b.length && a.every((labels, s) => labels.key === b[s]!.key);
}
