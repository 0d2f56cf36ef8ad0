import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** The data source of every query: the dashboard's variable, so that one JSON fits any Grafana. */
export const DATASOURCE = { type: 'prometheus', uid: `\${datasource}` };

/**
 * Matchers of what pipelines publish. The variables may stand for "no such label": a pipeline over a sum has neither job
 * nor instance once it is pushed, and shall be seen all the same.
 */
export const PUBLISHED = 'pipeline=~"$pipeline", job=~"$job", instance=~"$instance"';

/** The same where one pipeline is chosen. */
export const OF_PIPELINE = 'pipeline="$pipeline", job=~"$job", instance=~"$instance"';

/** Matchers of self-metrics. */
export const SELF = 'job=~"$job", instance=~"$instance"';

/** Labels of one series as its variable holds them, without braces; not escaped, since they are PromQL already. */
export const SERIES = `\${series:raw}`;

/** Labels that are the same on all series of a query say nothing: Grafana leaves them off such legends. */
export const DIFFERING_LABELS = '__auto';

/** A query over the dashboard's time range; `legend` is a Grafana legend format. */
export function over(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).range().datasource(DATASOURCE);
}

/** A query at the end of the time range. */
export function now(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).legendFormat(legend).instant().datasource(DATASOURCE);
}

/** A query at the end of the time range as rows: a column a label, and `Value #<refId>`. */
export function rows(refId: string, expr: string): DataqueryBuilder {
  return now(expr, DIFFERING_LABELS).refId(refId).format(PromQueryFormat.Table);
}

/** Without the metric name, which would keep rows of different families apart in a table. */
export function unnamed(selector: string): string {
  return `max without () (${selector})`;
}

/**
 * 1 for a series that was flagged within a range, else 0; `selector` takes flags. Asked of one instant a step, a flag
 * between two would be lost, and some techniques flag the beginning of an incident only.
 */
export function flaggedWithin(selector: string, range: string): string {
  return `((max_over_time(${selector}[${range}]) > bool 0) + (min_over_time(${selector}[${range}]) < bool 0) > bool 0)`;
}
