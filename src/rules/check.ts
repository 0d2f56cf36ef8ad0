import type { Finding } from '../document/finding.ts';
import { childOf, type Item, type Path, placeAt } from '../document/item.ts';
import type { Loose } from '../document/read.ts';
import { closest } from '../document/suggest.ts';
import { checkEngineParameters, isOnline } from '../forecast/engines.ts';
import { formatDuration } from '../series/duration.ts';
import { isLabelName } from '../series/labels.ts';
import { checkAlarm, checkExclude, checkTogether } from './check-alarm.ts';
import { checkHolidays, type ReadBeside } from './holidays.ts';
import type { Problem } from './problem.ts';
import { cronFault, isTimezone, longestGapMs } from './schedule.ts';
import type { RawGroup, RawPipeline, RawRules } from './schema.ts';
import { checkInput } from './stream.ts';

/** Where the name of a pipeline stands, for the check over all files. */
export interface NamePlace {
  readonly pipeline: string;
  readonly group: string;
  /** 1-based, in its group. */
  readonly index: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface CheckOptions {
  /** Names of the configured data sources; undefined when they are not known (a rule file checked alone). */
  readonly datasources?: readonly string[] | undefined;
  /** Whether the settings have a proxy; undefined when they are not known. */
  readonly hasProxy?: boolean | undefined;
  /** Reads files that the rule file names, relative to it; undefined: they are not looked at. */
  readonly readBeside?: ReadBeside | undefined;
}

/** A context beyond this is 400 kB a series: rather a step that is too small than a wish. */
const MOST_CONTEXT_STEPS = 100_000;
/** A forecast beyond this is a quarter of a megabyte a series. */
const MOST_HORIZON_STEPS = 5_000;
/** Labels that our outputs have from us. */
const OWN_LABELS = new Set(['__name__', 'pipeline', 'horizon']);

type Report = (path: Path, message: string, severity?: Finding['severity']) => void;

/** Checks across the keys of a rule file. Values that are wrong by themselves are absent here and not looked at. */
export function checkDocument(rules: Loose<RawRules>, root: Item, options: CheckOptions): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (path, message, severity = 'error') => {
    findings.push({ path, offset: placeAt(root, path).item.offset, message, severity });
  };
  const isWritten = (path: Path) => childOf(placeAt(root, path.slice(0, -1)).item, String(path.at(-1))) !== undefined;
  const names = new Set<string>();
  rules.groups?.forEach((group, g) => {
    if (group === undefined) return;
    const path = ['groups', g];
    const { name } = group;
    if (name !== undefined && names.has(name)) report([...path, 'name'], `another group of this file has the name too`);
    if (name !== undefined) names.add(name);
    checkLabels(group.labels, path, report);
    checkHolidays(group.holidays, [...path, 'holidays'], options.readBeside, report);
    checkExclude(group.exclude, path, report);
    checkDatasource(group, path, { ...options, isNeeded: false, isStream: false }, report);
    group.pipelines?.forEach((pipeline, p) => {
      if (pipeline !== undefined)
        checkPipeline(pipeline, [...path, 'pipelines', p], { ...options, group, isWritten }, report);
    });
  });
  rules.pipelines?.forEach((pipeline, p) => {
    if (pipeline !== undefined)
      checkPipeline(pipeline, ['pipelines', p], { ...options, group: undefined, isWritten }, report);
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
    const { file, line, column, group, index, pipeline } = place;
    const message = `group "${group}", pipeline ${index}, "${pipeline}": name: taken at ${known.file}:${known.line}:${known.column}; names of pipelines are unique over all files`;
    return [{ severity: 'error', file, line, column, message }];
  });
}

function checkModel(model: Loose<RawPipeline>['model'], path: Path, report: Report): void {
  if (model?.id === undefined || model.parameters === undefined) return;
  for (const message of checkEngineParameters(model.id, model.parameters)) report(path, message);
}

function checkPipeline(
  pipeline: Loose<RawPipeline>,
  path: Path,
  {
    datasources,
    hasProxy,
    readBeside,
    group,
    isWritten,
  }: CheckOptions & {
    readonly group: Loose<RawGroup> | undefined;
    /** Whether the key stands there, be its value good or not. */
    readonly isWritten: (path: Path) => boolean;
  },
  report: Report,
): void {
  checkInput(pipeline, path, { hasProxy, isWritten: (key) => isWritten([...path, key]) }, report);
  checkSpans(pipeline, path, report);
  checkModel(pipeline.model, [...path, 'model', 'parameters'], report);
  checkHorizons(pipeline, path, report);
  const levels = pipeline.output?.quantiles ?? [];
  if (levels.some((level, i) => i > 0 && level !== undefined && level <= (levels[i - 1] ?? -Infinity)))
    report([...path, 'output', 'quantiles'], 'must ascend, each level once');
  const [low, high] = pipeline.data_range ?? [];
  if (low !== undefined && high !== undefined && low >= high)
    report(
      [...path, 'data_range'],
      low === high ? 'is empty: both ends are the same' : `is upside down; write [${high}, ${low}]`,
    );
  checkLabels(pipeline.labels, path, report);
  checkAlarm(pipeline.anomaly, [...path, 'anomaly'], report);
  checkExclude(pipeline.exclude, path, report);
  checkTogether(pipeline, path, report);
  checkSchedules(pipeline, path, report);
  checkHolidays(pipeline.holidays, [...path, 'holidays'], readBeside, report);
  if (pipeline.holidays !== undefined && pipeline.model?.id !== undefined && !isOnline(pipeline.model.id))
    report([...path, 'holidays'], 'only the engine calendar looks at holidays; set model.id', 'warning');
  const isStream = isWritten([...path, 'selector']);
  checkDatasource(pipeline, path, { datasources, isNeeded: group?.datasource === undefined, isStream }, report);
}

function checkSpans({ step, ...pipeline }: Loose<RawPipeline>, path: Path, report: Report): void {
  const { context_window: context, prediction_horizon: horizon } = pipeline;
  if (step === undefined) return;
  if (horizon !== undefined && horizon.ms < step.ms)
    report(
      [...path, 'prediction_horizon'],
      `${horizon.text} is shorter than a step of ${step.text}; make it one at least`,
    );
  const stepsAhead = Math.floor((horizon?.ms ?? 0) / step.ms);
  if (stepsAhead > MOST_HORIZON_STEPS)
    report(
      [...path, 'prediction_horizon'],
      `${stepsAhead} steps for every series; is a step of ${step.text} meant?`,
      'warning',
    );
  if (context === undefined) return;
  const steps = Math.floor(context.ms / step.ms);
  if (steps < 2)
    report(
      [...path, 'context_window'],
      `${context.text} is shorter than two steps of ${step.text}; some hundred are good`,
    );
  if (steps > MOST_CONTEXT_STEPS)
    report([...path, 'context_window'], `${steps} steps for every series; is a step of ${step.text} meant?`, 'warning');
}

function checkHorizons({ output, step, ...pipeline }: Loose<RawPipeline>, path: Path, report: Report): void {
  const reach = pipeline.prediction_horizon;
  const seen = new Set<number>();
  output?.horizons?.forEach((horizon, i) => {
    if (horizon === undefined) return;
    const at = [...path, 'output', 'horizons', i];
    if (reach !== undefined && horizon.ms > reach.ms)
      report(
        at,
        `${horizon.text} is beyond the prediction_horizon of ${reach.text}; shorten the one or lengthen the other`,
      );
    if (step !== undefined && horizon.ms < step.ms)
      report(at, `${horizon.text} is shorter than a step of ${step.text}`);
    if (seen.has(horizon.ms)) report(at, `${horizon.text} is there twice`);
    seen.add(horizon.ms);
  });
}

function checkSchedules(pipeline: Loose<RawPipeline>, path: Path, report: Report): void {
  for (const key of ['forecast_schedule', 'anomaly_schedule'] as const) {
    const expression = pipeline[key];
    const fault = expression === undefined ? undefined : cronFault(expression);
    if (fault !== undefined) report([...path, key], fault);
    else if (key === 'forecast_schedule') checkReach(pipeline, path, report);
  }
  if (pipeline.timezone !== undefined && !isTimezone(pipeline.timezone))
    report(
      [...path, 'timezone'],
      `there is no time zone "${pipeline.timezone}"; write UTC or one such as Europe/Berlin`,
    );
}

/** A forecast that ends long before the next one leaves samples without a band. */
function checkReach({ mode, ...pipeline }: Loose<RawPipeline>, path: Path, report: Report): void {
  const { forecast_schedule: schedule, prediction_horizon: reach } = pipeline;
  if (mode !== 'forecast_and_anomaly' || schedule === undefined || reach === undefined) return;
  const gapMs = longestGapMs(schedule);
  if (gapMs <= reach.ms) return;
  const gap = Number.isFinite(gapMs) ? `up to ${formatDuration(gapMs)} pass` : 'years pass';
  report(
    [...path, 'forecast_schedule'],
    `${gap} between forecasts, and one reaches ${reach.text}; forecast more often, or make prediction_horizon longer`,
    'warning',
  );
}

function checkLabels(
  labels: Readonly<Record<string, string | undefined>> | undefined,
  path: Path,
  report: Report,
): void {
  for (const name of Object.keys(labels ?? {})) {
    const at = [...path, 'labels', name];
    if (!isLabelName(name)) report(at, 'is no label name; use letters, digits and _, and no digit first');
    else if (OWN_LABELS.has(name)) report(at, 'is set by OpenAnomaly itself; use another name');
    else if (name.startsWith('__')) report(at, 'names that start with __ are reserved by Prometheus; use another');
  }
}

function checkDatasource(
  owner: { readonly datasource?: string | undefined },
  path: Path,
  { datasources, isNeeded, isStream }: CheckOptions & { readonly isNeeded: boolean; readonly isStream: boolean },
  report: Report,
): void {
  if (datasources === undefined) return;
  const name = owner.datasource;
  const known = datasources.map((source) => `"${source}"`).join(', ');
  if (name !== undefined && !datasources.includes(name)) {
    const meant = closest(name, datasources);
    const hint = meant === undefined ? `the settings have ${known || 'none'}` : `did you mean "${meant}"?`;
    report([...path, 'datasource'], `there is no data source "${name}"; ${hint}`);
  } else if (datasources.length === 0 && isNeeded && !isStream)
    report(path, 'the settings have no data source to read from; only "selector" does without');
  else if (name === undefined && isNeeded && datasources.length > 1 && !datasources.includes('default'))
    report(path, `"datasource" is missing, since none of ${known} is called "default"`);
}
