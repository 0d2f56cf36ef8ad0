import { escapeValue, familyHead, formatValue, type PageFormat } from './exposition.ts';

/** A metric as prom-client's registry answers it in `getMetricsAsJSON`. */
export interface SelfMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly SelfSample[];
}

export interface SelfSample {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  /** Where it differs from the metric's name: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

/**
 * Renders self-metrics. prom-client's own text is not used: it spells NaN in a way of its own and its OpenMetrics
 * output depends on a mode of the whole registry, while one page is asked for in both formats.
 */
export function renderSelfMetrics(metrics: readonly SelfMetric[], format: PageFormat): string {
  let text = '';
  for (const metric of metrics) {
    // A metric with labels and no child yet would be a head without a body: legal, and noise.
    if (metric.values.length === 0) continue;
    text += selfHead(metric, format);
    for (const sample of metric.values) {
      const name = sample.metricName ?? metric.name;
      text += `${name}${selfLabels(sample.labels)} ${formatValue(sample.value)}\n`;
    }
  }
  return text;
}

/** In OpenMetrics the family of a counter is named without `_total`; a counter without it can only be `unknown`. */
function selfHead(metric: SelfMetric, format: PageFormat): string {
  if (format === 'openmetrics' && metric.type === 'counter') {
    if (!metric.name.endsWith('_total')) return familyHead(metric.name, metric.help, 'unknown', format);
    return familyHead(metric.name.slice(0, -'_total'.length), metric.help, 'counter', format);
  }
  return familyHead(metric.name, metric.help, metric.type, format);
}

function selfLabels(labels: SelfSample['labels']): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(labels)) {
    if (value === undefined || value === '') continue;
    parts.push(`${name}="${escapeValue(isBound(name) ? canonicalBound(value) : String(value))}"`);
  }
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function isBound(name: string): boolean {
  return name === 'le' || name === 'quantile';
}

/**
 * Bounds are written as OpenMetrics wants them, `1.0` rather than `1`, in both formats: otherwise a server that
 * changes the format it asks for would see every histogram end and another begin.
 */
function canonicalBound(value: string | number): string {
  const bound = typeof value === 'number' ? value : Number(value.replace('Inf', 'Infinity'));
  return Number.isInteger(bound) ? bound.toFixed(1) : formatValue(bound);
}
