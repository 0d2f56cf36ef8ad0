import { parse as parseCron } from 'node-cron';
import type { Finding } from '../document/finding.ts';
import { childOf, type Item, type Path, placeAt } from '../document/item.ts';
import { parseDuration } from '../series/duration.ts';
import { isLabelName } from '../series/labels.ts';
import type { NamePlace } from './parse.ts';
import type { Problem } from './problem.ts';

const DEFAULT_STEP = '1m';
const DEFAULT_CONTEXT = '7d';
const DEFAULT_HORIZON = '1h';
/** Labels that outputs get from us. */
const OWN_LABELS = ['__name__', 'pipeline', 'horizon'];

/** Checks across the keys of a rule file, on what was written. What is wrong by itself is not looked at again. */
export function checkRulesDocument(
  root: Item,
  { datasources }: { readonly datasources?: readonly string[] },
): Finding[] {
  const findings: Finding[] = [];
  const report = (path: Path, message: string) => {
    findings.push({ path, offset: placeAt(root, path).item.offset, message, severity: 'error' });
  };
  const groups = listAt(root, 'groups');
  const seen = new Set<string>();
  groups.forEach((group, g) => {
    const path = ['groups', g];
    const name = textAt(group, 'name');
    if (name !== undefined && seen.has(name))
      report([...path, 'name'], `the name "${name}" is repeated in this file; names of groups are unique`);
    if (name !== undefined) seen.add(name);
    checkLabels(group, path, report);
    checkDatasource(group, path, { datasources, isRequired: false }, report);
    listAt(group, 'pipelines').forEach((pipeline, p) => {
      checkPipeline(pipeline, [...path, 'pipelines', p], report);
      checkDatasource(
        pipeline,
        [...path, 'pipelines', p],
        { datasources, isRequired: textAt(group, 'datasource') === undefined },
        report,
      );
    });
  });
  listAt(root, 'pipelines').forEach((pipeline, p) => {
    checkPipeline(pipeline, ['pipelines', p], report);
    checkDatasource(pipeline, ['pipelines', p], { datasources, isRequired: true }, report);
  });
  return findings;
}

/** Pipeline names that stand more than once, over all files. Every place but the first is a problem. */
export function checkNames(places: readonly NamePlace[]): Problem[] {
  const first = new Map<string, NamePlace>();
  return places.flatMap((place): Problem[] => {
    const known = first.get(place.pipeline);
    if (known === undefined) {
      first.set(place.pipeline, place);
      return [];
    }
    const { file, line, column } = place;
    const message = `group ${JSON.stringify(place.group)}, pipeline ${JSON.stringify(place.pipeline)}: the name is taken by ${known.file}:${known.line}; names of pipelines are unique over all files`;
    return [{ severity: 'error', file, line, column, message }];
  });
}

type Report = (path: Path, message: string) => void;

function checkPipeline(pipeline: Item, path: Path, report: Report): void {
  const ms = (key: string, fallback: string) => {
    const text = textAt(pipeline, key);
    return childOf(pipeline, key) === undefined
      ? parseDuration(fallback)
      : text === undefined
        ? undefined
        : parseDuration(text);
  };
  const stepMs = ms('step', DEFAULT_STEP);
  const contextMs = ms('context_window', DEFAULT_CONTEXT);
  const horizonMs = ms('prediction_horizon', DEFAULT_HORIZON);
  const whereOf = (key: string) => (childOf(pipeline, key) === undefined ? [...path, 'step'] : [...path, key]);
  if (stepMs !== undefined && horizonMs !== undefined && horizonMs < stepMs) {
    report(whereOf('prediction_horizon'), 'the prediction horizon is shorter than a step; make it at least one step');
  }
  if (stepMs !== undefined && contextMs !== undefined && contextMs < 2 * stepMs) {
    report(whereOf('context_window'), 'the context window is shorter than two steps; make it some hundred steps');
  }
  const output = childOf(pipeline, 'output');
  listAt(output, 'horizons').forEach((horizon, i) => {
    const horizonOut = horizon.kind === 'scalar' ? parseDuration(String(horizon.value)) : undefined;
    if (horizonOut !== undefined && horizonMs !== undefined && horizonOut > horizonMs) {
      report(
        [...path, 'output', 'horizons', i],
        `the forecast does not reach that far; lengthen prediction_horizon or shorten this`,
      );
    }
  });
  const levels = listAt(output, 'quantiles').map((level) =>
    level.kind === 'scalar' ? Number(level.value) : Number.NaN,
  );
  if (levels.some((level, i) => i > 0 && level <= levels[i - 1]!))
    report([...path, 'output', 'quantiles'], 'quantile levels must ascend');
  const [low, high] = listAt(pipeline, 'data_range').map((end) =>
    end.kind === 'scalar' ? Number(end.value) : Number.NaN,
  );
  if (low !== undefined && high !== undefined && low >= high)
    report([...path, 'data_range'], `is upside down: write [${high}, ${low}]`);
  checkLabels(pipeline, path, report);
  checkSchedule(pipeline, path, report);
}

function checkSchedule(pipeline: Item, path: Path, report: Report): void {
  for (const key of ['forecast_schedule', 'anomaly_schedule']) {
    const expression = textAt(pipeline, key);
    const flaw = expression === undefined ? undefined : cronFlaw(expression);
    if (flaw !== undefined)
      report(
        [...path, key],
        `is no cron expression (${flaw}); write 5 or 6 fields, such as "*/15 * * * *", or @hourly`,
      );
  }
  const timezone = textAt(pipeline, 'timezone');
  if (timezone !== undefined && !isTimezone(timezone))
    report([...path, 'timezone'], `there is no time zone "${timezone}"; write one such as Europe/Berlin`);
}

function cronFlaw(expression: string): string | undefined {
  try {
    parseCron(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function checkLabels(owner: Item, path: Path, report: Report): void {
  const labels = childOf(owner, 'labels');
  if (labels?.kind !== 'map') return;
  for (const name of labels.entries.keys()) {
    const at = [...path, 'labels', name];
    if (!isLabelName(name))
      report(at, `"${name}" is no label name; letters, digits and underscores only, no digit first`);
    else if (OWN_LABELS.includes(name)) report(at, `the label "${name}" is ours and cannot be set`);
  }
}

function checkDatasource(
  owner: Item,
  path: Path,
  how: { readonly datasources: readonly string[] | undefined; readonly isRequired: boolean },
  report: Report,
): void {
  const { datasources } = how;
  if (datasources === undefined) return;
  const name = textAt(owner, 'datasource');
  const known = datasources.map((source) => `"${source}"`).join(', ');
  if (name !== undefined && !datasources.includes(name))
    report([...path, 'datasource'], `there is no data source "${name}"; the settings have ${known}`);
  else if (name === undefined && how.isRequired && datasources.length > 1 && !datasources.includes('default')) {
    report(path, `names no data source and there is none called "default"; add datasource: with one of ${known}`);
  }
}

function listAt(item: Item | undefined, key: string): readonly Item[] {
  const child = childOf(item, key);
  return child?.kind === 'list' ? child.items : [];
}

function textAt(item: Item | undefined, key: string): string | undefined {
  const child = childOf(item, key);
  return child?.kind === 'scalar' && typeof child.value === 'string' ? child.value : undefined;
}
