import { formatDuration } from '../../series/duration.ts';
import { hash32 } from '../../series/labels.ts';
import { literal } from './text.ts';

/** What the alerts of a process have in common. */
export interface AlertOptions {
  /** Published families are `<prefix>_score` and so on. */
  readonly prefix: string;
  /** URL of the process, for a link in every alert. */
  readonly externalUrl?: string;
  /** Where the runbooks are; a page is `<base>/<alert>.md`. Default: their folder in the repository. */
  readonly runbookBase?: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly (AlertRule | RecordingRule)[];
}

/** `info` is context for who looks already, `warning` wants a look today, `critical` is for who pages on anomalies. */
export type Severity = 'info' | 'warning' | 'critical';

export const MINUTE_MS = 60_000;
const DEFAULT_RUNBOOK_BASE = 'docs/runbooks';
/** Names of rule groups that tools like mixtool take. */
const LONGEST_GROUP_NAME = 40;

/** A group as it is written: links are added to its alerts. */
export function finishGroup({ name, interval, rules }: RuleGroup, options: AlertOptions) {
  return { name, ...(interval !== undefined && { interval }), rules: rules.map((rule) => finishRule(rule, options)) };
}

function finishRule(rule: AlertRule | RecordingRule, { externalUrl, runbookBase }: AlertOptions) {
  if (!('alert' in rule)) return rule;
  const base = (runbookBase ?? DEFAULT_RUNBOOK_BASE).replace(/\/$/, '');
  return {
    ...rule,
    annotations: {
      ...rule.annotations,
      runbook_url: `${literal(base)}/${rule.alert}.md`,
      ...(externalUrl !== undefined && { openanomaly_url: literal(externalUrl) }),
    },
  };
}

/** `<before><name>`; unique, since a name that has to be cut carries a hash of the whole. */
export function groupName(before: string, name: string): string {
  const whole = before + name;
  if (whole.length <= LONGEST_GROUP_NAME) return whole;
  return `${whole.slice(0, LONGEST_GROUP_NAME - 9)}-${hash32(name).toString(16).padStart(8, '0')}`;
}

/** At least as long as there is no new sample to be seen. */
export function atLeast(durationMs: number, distanceMs: number): string {
  return formatDuration(Math.max(durationMs, distanceMs));
}
