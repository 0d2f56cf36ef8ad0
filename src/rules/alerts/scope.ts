import type { Pipeline } from '../pipeline.ts';
import { MINUTE_MS, type Severity } from './rule.ts';
import { literal, promqlString } from './text.ts';

/** What an alert is about: one pipeline, or every pipeline whose results arrive. */
export interface Scope {
  readonly prefix: string;
  /** Matchers of the pipeline, empty for all. */
  readonly matchers: string;
  /** Between samples that can be scored; for all pipelines, the usual minute. */
  readonly distanceMs: number;
  /** Score from which a lasting anomaly may wake somebody. */
  readonly pagingThreshold: number;
  /**
   * Whether flags are rare by themselves, one in some thousand usual samples, and often mark the edge of an incident
   * alone: then few of them say much. Otherwise a band is meant to be left by one sample in a hundred.
   */
  readonly flagsRarely: boolean;
  /** Text behind the name of the pipeline in descriptions. */
  readonly about: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The default of `anomaly.paging_threshold`: a test holds the two together. */
const PAGING_THRESHOLD = 1.2;
const RARE_TECHNIQUES = new Set(['tail', 'peers', 'isolation_forest']);

export function everyPipeline(prefix: string): Scope {
  return {
    prefix,
    matchers: '',
    distanceMs: MINUTE_MS,
    pagingThreshold: PAGING_THRESHOLD,
    // As those of the default technique are.
    flagsRarely: true,
    about: '',
    labels: {},
  };
}

/** Alerts of a pipeline carry its labels, so that all take one route, and its name: those without a series have no other. */
export function onePipeline(pipeline: Pipeline, prefix: string): Scope {
  const own = Object.entries(pipeline.labels).map(([name, value]) => [name, literal(value)]);
  return {
    prefix,
    matchers: `pipeline=${promqlString(pipeline.name)}`,
    distanceMs: sampleDistanceMs(pipeline),
    pagingThreshold: pipeline.anomaly.pagingThreshold,
    flagsRarely: RARE_TECHNIQUES.has(pipeline.anomaly.technique),
    about: pipeline.description === '' ? '' : ` (${literal(pipeline.description)})`,
    labels: { ...Object.fromEntries(own), pipeline: literal(pipeline.name) },
  };
}

/** New samples are scored at each evaluation, and there are none between two steps. */
export function sampleDistanceMs(pipeline: Pipeline): number {
  return Math.max(pipeline.intervalMs, pipeline.stepMs);
}

/** Selector of a published family. */
export function published({ prefix, matchers }: Scope, family: string, more = ''): string {
  return `${prefix}_${family}${braces(matchers, more)}`;
}

/** Selector of a self-metric, whose name follows no prefix. */
export function self({ matchers }: Scope, name: string, more = ''): string {
  return `openanomaly_${name}${braces(matchers, more)}`;
}

function braces(...matchers: readonly string[]): string {
  const all = matchers.filter((text) => text !== '').join(', ');
  return all === '' ? '' : `{${all}}`;
}

export function labelled({ labels }: Scope, severity: Severity): Record<string, string> {
  return { ...labels, severity };
}
