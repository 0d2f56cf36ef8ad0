import type { RangeQuery } from '../../../ports/tsdb-client.ts';
import { parseSelector, type Selector } from '../../../rules/selector.ts';
import { type Grid, gridEnd } from '../../../series/grid.ts';
import { isLabelName } from '../../../series/labels.ts';
import type { LabelMatcher } from '../../../series/matcher.ts';
import { narrowed } from './narrow.ts';

/** How the pieces of a read are asked for. */
export interface ReadPlan {
  /** Most instants of the grid in one request. */
  readonly mostSteps: number;
  requestFor(grid: Grid): { readonly path: string; readonly form: Readonly<Record<string, string>> };
}

/** Prometheus answers one more; VictoriaMetrics 30,000. */
const MOST_POINTS = 11_000;

/**
 * A plain selector is read raw, as an instant query of a range: exact timestamps, no value repeated after a series
 * ended, and no limit on points. Everything else is evaluated at the instants of the grid.
 */
export function planRead(query: RangeQuery): ReadPlan {
  const selector = parseSelector(query.query);
  if (selector === undefined) {
    return { mostSteps: MOST_POINTS, requestFor: (grid) => rangeRequest(query.query, grid) };
  }
  const text = formatSelector(query.only === undefined ? selector : narrowed(selector, query.only));
  return { mostSteps: Number.POSITIVE_INFINITY, requestFor: (grid) => rawRequest(text, grid) };
}

function rangeRequest(query: string, grid: Grid) {
  return {
    path: '/api/v1/query_range',
    form: {
      query,
      start: seconds(grid.startMs),
      end: seconds(gridEnd(grid)),
      step: seconds(grid.stepMs),
    },
  };
}

/** The first instant of the grid takes samples since one step before it. */
function rawRequest(selector: string, grid: Grid) {
  const windowMs = grid.steps * grid.stepMs;
  const window = windowMs % 1000 === 0 ? `${windowMs / 1000}s` : `${windowMs}ms`;
  return { path: '/api/v1/query', form: { query: `${selector}[${window}]`, time: seconds(gridEnd(grid)) } };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3).replace(/\.?0+$/, '');
}

/** With the name among the matchers, which every server takes; comments are gone. */
function formatSelector(selector: Selector): string {
  return `{${selector.map(formatMatcher).join(',')}}`;
}

function formatMatcher({ name, op, value }: LabelMatcher): string {
  return `${isLabelName(name) ? name : JSON.stringify(name)}${op}${JSON.stringify(value)}`;
}
