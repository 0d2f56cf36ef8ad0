import type { Finding } from '../document/finding.ts';
import { childOf, type Item, type Path, placeAt } from '../document/item.ts';
import { readItem } from '../document/read.ts';
import { offsetInScalar } from '../document/scalar-offset.ts';
import { parseYaml } from '../document/yaml.ts';
import { checkRulesDocument } from './check.ts';
import type { Group, Pipeline } from './pipeline.ts';
import type { Problem } from './problem.ts';
import { checkQuery } from './promql.ts';
import { type RawGroup, type RawPipeline, type RawRules, rulesSchema } from './schema.ts';

export interface ParsedRules {
  /** Empty when any problem is an error. */
  readonly groups: readonly Group[];
  readonly problems: readonly Problem[];
  /** Where each pipeline's name stands, for checks over files. */
  readonly places: readonly NamePlace[];
}

export interface NamePlace {
  readonly pipeline: string;
  readonly group: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ParseOptions {
  /** Names of the configured data sources; undefined when they are not known (a rule file checked alone). */
  readonly datasources?: readonly string[];
}

/** Reads the text of a rule file. Never throws: all that is wrong comes back, each at its place. */
export function parseRules(text: string, file: string, options: ParseOptions = {}): ParsedRules {
  const document = parseYaml(text, file);
  const { root } = document;
  const toProblem = (finding: Finding): Problem =>
    document.problem(root === undefined ? finding : named(root, finding));
  if (root === undefined || document.findings.some(({ severity }) => severity === 'error')) {
    return { groups: [], problems: document.findings.map(toProblem), places: [] };
  }
  const { value, findings: wrong } = readItem(rulesSchema, root);
  const findings = [...document.findings, ...wrong, ...checkRulesDocument(root, options), ...checkQueries(root)];
  const problems = findings.sort((a, b) => a.offset - b.offset).map(toProblem);
  const places = pipelinePaths(root, file).flatMap(({ path, group }): NamePlace[] => {
    const item = childOf(placeAt(root, path).item, 'name');
    if (item?.kind !== 'scalar' || typeof item.value !== 'string') return [];
    const { line, column } = document.problem({ offset: item.offset, path, message: '', severity: 'error' });
    return [{ pipeline: item.value, group, file, line, column }];
  });
  const isUsable = findings.every(({ severity }) => severity !== 'error');
  return { groups: isUsable ? groupsOf(value as RawRules, file, options) : [], problems, places };
}

/** Paths of all pipelines with the name of their group. */
function pipelinePaths(root: Item, file: string): { readonly path: Path; readonly group: string }[] {
  const indexes = (item: Item | undefined) => (item?.kind === 'list' ? item.items.map((_, i) => i) : []);
  const groups = childOf(root, 'groups');
  const inGroups = indexes(groups).flatMap((g) => {
    const group = groups?.kind === 'list' ? groups.items[g] : undefined;
    const name = childOf(group, 'name');
    const text = name?.kind === 'scalar' ? String(name.value) : '';
    return indexes(childOf(group, 'pipelines')).map((p) => ({ path: ['groups', g, 'pipelines', p], group: text }));
  });
  return [
    ...inGroups,
    ...indexes(childOf(root, 'pipelines')).map((p) => ({ path: ['pipelines', p], group: baseName(file) })),
  ];
}

function checkQueries(root: Item): Finding[] {
  return pipelinePaths(root, '').flatMap(({ path }) => {
    const item = childOf(placeAt(root, path).item, 'query');
    if (item?.kind !== 'scalar' || typeof item.value !== 'string') return [];
    return checkQuery(item.value).map(({ severity, offset, message }) => ({
      severity,
      path: [...path, 'query'],
      offset: offsetInScalar(item, offset),
      message: `${severity === 'error' ? 'could not parse query' : 'query'}: ${message}`,
    }));
  });
}

/** The finding with the group and pipeline it belongs to in front, as promtool does. */
function named(root: Item, finding: Finding): Finding {
  const parts: string[] = [];
  const nameAt = (path: Path) => {
    const item = childOf(placeAt(root, path).item, 'name');
    return item?.kind === 'scalar' && item.value !== null ? String(item.value) : undefined;
  };
  const { path } = finding;
  const inGroup = path[0] === 'groups' && path.length > 1;
  if (inGroup) parts.push(`group ${quote(nameAt(path.slice(0, 2)), path[1])}`);
  const at = inGroup ? 2 : 0;
  if (path[at] === 'pipelines' && path.length > at + 1) {
    parts.push(`pipeline ${quote(nameAt(path.slice(0, at + 2)), path[at + 1])}`);
  }
  const key = path
    .slice(parts.length * 2)
    .filter((step) => typeof step === 'string')
    .join('.');
  if (key !== '' && !finding.message.includes(`"${path.at(-1)}"`)) parts.push(key);
  return parts.length === 0 ? finding : { ...finding, message: `${parts.join(', ')}: ${finding.message}` };
}

function quote(name: string | undefined, index: string | number | undefined): string {
  return name === undefined ? String(Number(index) + 1) : JSON.stringify(name);
}

function groupsOf(raw: RawRules, file: string, options: ParseOptions): Group[] {
  const groups = raw.groups.map((group) => groupOf(group, file, options));
  if (raw.pipelines.length === 0) return groups;
  const bare = { ...defaultGroup(), name: baseName(file), pipelines: raw.pipelines };
  return [...groups, groupOf(bare, file, options)];
}

/** A group nobody wrote: what the schema gives one that has a name only. */
function defaultGroup(): RawGroup {
  const name = {
    kind: 'scalar',
    offset: 0,
    value: 'group',
    source: 'group',
    style: 'plain',
    substituted: false,
  } as const;
  const group: Item = { kind: 'map', offset: 0, entries: new Map([['name', { keyOffset: 0, value: name }]]) };
  const list: Item = { kind: 'list', offset: 0, items: [group] };
  const { value } = readItem(rulesSchema, {
    kind: 'map',
    offset: 0,
    entries: new Map([['groups', { keyOffset: 0, value: list }]]),
  });
  return (value as RawRules).groups[0]!;
}

function groupOf(raw: RawGroup, file: string, options: ParseOptions): Group {
  return {
    name: raw.name,
    file,
    intervalMs: raw.interval.ms,
    pipelines: raw.pipelines.map((pipeline) => pipelineOf(pipeline, raw, options)),
  };
}

function pipelineOf(raw: RawPipeline, group: RawGroup, { datasources }: ParseOptions): Pipeline {
  const horizons = raw.output.horizons ?? [raw.prediction_horizon];
  const onlySource = datasources?.length === 1 ? datasources[0]! : 'default';
  return {
    name: raw.name,
    group: group.name,
    description: raw.description,
    enabled: raw.enabled,
    datasource: raw.datasource ?? group.datasource ?? onlySource,
    query: raw.query.trim(),
    stepMs: raw.step.ms,
    contextWindowMs: raw.context_window.ms,
    predictionHorizonMs: raw.prediction_horizon.ms,
    mode: raw.mode,
    forecastSchedule: raw.forecast_schedule,
    anomalySchedule: raw.anomaly_schedule,
    timezone: raw.timezone,
    intervalMs: group.interval.ms,
    queryOffsetMs: group.query_offset.ms,
    limit: raw.limit ?? group.limit,
    labels: { ...group.labels, ...raw.labels },
    model: { type: raw.model.type, id: raw.model.id, parameters: raw.model.parameters },
    anomaly: {
      technique: raw.anomaly.technique,
      confidenceLevel: raw.anomaly.confidence_level,
      direction: raw.anomaly.direction,
      threshold: raw.anomaly.threshold,
      minDeviation: raw.anomaly.min_deviation,
    },
    dataRange: raw.data_range && [raw.data_range[0]!, raw.data_range[1]!],
    output: { horizons, quantiles: raw.output.quantiles, futureSamples: raw.output.future_samples },
  };
}

/** Name of a file without folders and ending. */
function baseName(file: string): string {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  return name.replace(/\.[^.]+$/, '') || name;
}
