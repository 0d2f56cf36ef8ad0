/** The quantile levels every engine answers, ascending. Index with MEDIAN_INDEX for the expected value. */
export const QUANTILE_LEVELS: readonly number[] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

export const MEDIAN_INDEX = 6;
