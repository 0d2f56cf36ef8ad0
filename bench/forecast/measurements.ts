import { TERM_NAMES } from '../data/series-set.ts';
import type { Measurement } from '../support/report.ts';
import {
  type Folder,
  isScaled,
  meanCoverage,
  type Published,
  referenceOf,
  relativeScores,
  type SetScores,
  shiftedGeometricMean,
} from './results.ts';
import type { EngineRow } from './rows.ts';

const COVERAGES = ['coverage80', 'coverage90', 'coverage98'] as const;
const RELATIVE = 'relative';

/**
 * One result each for `<row>/<set>/<term>/<score>`: MASE and CRPS as they are, with what seasonal naive got as the
 * baseline. Scores a row does not have are left out.
 */
export function setMeasurements(set: SetScores, rows: readonly EngineRow[], published: Published): Measurement[] {
  const scaled = isScaled(set, published);
  return rows.flatMap(({ name }) =>
    set.terms.flatMap((term) => {
      const scores = term.rows.get(name);
      if (scores === undefined) return [];
      const reference = referenceOf(set, term, published);
      const at = `${name}/${set.set}/${term.term}`;
      const errors = (['mase', 'crps'] as const).flatMap((score) =>
        Number.isFinite(scores[score])
          ? [
              {
                name: `${at}/${score}`,
                value: scores[score],
                unit: score.toUpperCase(),
                ...(scaled ? { baseline: reference[score] } : {}),
              },
            ]
          : [],
      );
      const coverages = COVERAGES.map((score) => ({ name: `${at}/${score}`, value: scores[score], unit: 'share' }));
      return [...errors, ...coverages, { name: `${at}/ms_per_series`, value: scores.msPerSeries, unit: 'ms' }];
    }),
  );
}

/**
 * The same for a row's aggregates over a folder, named `<term|all>/<score>`: MASE and CRPS relative to seasonal naive,
 * coverage and time as plain means.
 */
export function aggregateMeasurements(folder: Folder, row: string): Measurement[] {
  return [...TERM_NAMES, 'all' as const].flatMap((term) => {
    const relative = relativeScores(folder, row, term);
    const coverage = meanCoverage(folder, row, term);
    const results: Measurement[] = [];
    if (relative !== undefined) {
      results.push({ name: `${term}/mase`, value: relative.mase, unit: RELATIVE });
      results.push({ name: `${term}/crps`, value: relative.crps, unit: RELATIVE });
    }
    if (coverage !== undefined) {
      for (const score of COVERAGES) results.push({ name: `${term}/${score}`, value: coverage[score], unit: 'share' });
      results.push({ name: `${term}/ms_per_series`, value: coverage.msPerSeries, unit: 'ms' });
    }
    return results;
  });
}

/** Folders together, each counting as one: geometric means of relative scores, plain ones of all else. */
export function meanOfFolders(folders: readonly (readonly Measurement[])[]): Measurement[] {
  const byName = new Map<string, Measurement[]>();
  for (const measurement of folders.flat()) {
    byName.set(measurement.name, [...(byName.get(measurement.name) ?? []), measurement]);
  }
  return [...byName.values()].map((same) => {
    const values = same.map((measurement) => measurement.value);
    const isRelative = same[0]!.unit === RELATIVE;
    const value = isRelative
      ? shiftedGeometricMean(values)
      : values.reduce((sum, each) => sum + each, 0) / values.length;
    return { ...same[0]!, value };
  });
}
