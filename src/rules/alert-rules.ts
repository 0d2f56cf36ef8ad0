import { writeYaml } from '../document/write-yaml.ts';
import { formatDuration } from '../series/duration.ts';
import { limitRules, recordedLimitRule } from './alerts/ahead.ts';
import { pipelineRules } from './alerts/pipeline.ts';
import { PROCESS_RULES } from './alerts/process.ts';
import { type AlertOptions, finishGroup, groupName, MINUTE_MS, type RuleGroup } from './alerts/rule.ts';
import { everyPipeline, onePipeline, sampleDistanceMs } from './alerts/scope.ts';
import { seriesRules } from './alerts/series.ts';
import { promqlRegexp, promqlString } from './alerts/text.ts';
import { recordingRules, togetherRule } from './alerts/together.ts';
import type { GroupSet, Pipeline } from './pipeline.ts';

export type { AlertOptions } from './alerts/rule.ts';

/**
 * A Prometheus rule file for the enabled pipelines: one group a pipeline, in the order of the rule files, one for each
 * of their groups as a whole, and one for the process. Windows and waits follow the distance of a pipeline's samples.
 * The same groups give the same text.
 */
export function alertRules({ groups }: GroupSet, options: AlertOptions): string {
  const pipelines = groups.flatMap((group) => group.pipelines).filter(({ enabled }) => enabled);
  // Names of groups are unique in their file only; two of one name are rolled up as one.
  const byGroup = new Map<string, Pipeline[]>();
  for (const pipeline of pipelines.filter(scores))
    byGroup.set(pipeline.group, [...(byGroup.get(pipeline.group) ?? []), pipeline]);
  const written = [
    ...[...byGroup].map(([group, members]) => wholeGroup(group, members, options)),
    ...pipelines.map((pipeline) => ofPipeline(pipeline, options)),
  ];
  return ruleFile('Alerts of OpenAnomaly, by "openanomaly generate alerts".', written, options);
}

/** Alerts for any pipelines, as they come with the program. */
export function genericAlertRules(): string {
  const options = { prefix: 'openanomaly' };
  const scope = everyPipeline(options.prefix);
  const pipelines = { prefix: options.prefix, level: 'pipeline', matchers: '', by: ' by (pipeline)' } as const;
  const groups: RuleGroup[] = [
    { name: 'openanomaly-rollups', rules: recordingRules(pipelines) },
    {
      name: 'openanomaly-limits',
      // Of rules/node.yaml. One such rule for each pipeline of yours that runs full.
      rules: ['node_filesystem_used', 'node_filesystem_files_used'].map((pipeline) => ({
        record: 'pipeline:openanomaly_limit:max',
        expr: 'vector(0.95)',
        labels: { pipeline },
      })),
    },
    {
      name: 'openanomaly-series',
      rules: [
        ...seriesRules(scope),
        togetherRule({ ...pipelines, distanceMs: scope.distanceMs, flagsRarely: scope.flagsRarely }),
        recordedLimitRule(scope),
      ],
    },
    { name: 'openanomaly-pipelines', rules: pipelineRules(scope, { scores: true }) },
  ];
  return ruleFile(
    'Alerts for whatever pipelines there are. "openanomaly generate alerts" writes alerts for yours, which know their names,\n# their steps and their ranges: load one of the two, not both.',
    groups,
    options,
  );
}

function ruleFile(about: string, groups: readonly RuleGroup[], options: AlertOptions): string {
  const all = [...groups, { name: 'openanomaly', rules: PROCESS_RULES }];
  return `# ${about}\n${writeYaml({ groups: all.map((group) => finishGroup(group, options)) })}`;
}

function scores({ mode }: Pipeline): boolean {
  return mode !== 'forecast_only';
}

function ofPipeline(pipeline: Pipeline, { prefix }: AlertOptions): RuleGroup {
  const scope = onePipeline(pipeline, prefix);
  return {
    name: groupName('openanomaly-', pipeline.name),
    interval: formatDuration(Math.min(scope.distanceMs, MINUTE_MS)),
    rules: [
      ...(scores(pipeline) ? seriesRules(scope) : []),
      ...limitRules(scope, pipeline),
      ...pipelineRules(scope, { scores: scores(pipeline) }),
    ],
  };
}

function wholeGroup(name: string, pipelines: readonly Pipeline[], { prefix }: AlertOptions): RuleGroup {
  const matchers = `pipeline=~${promqlString(pipelines.map((pipeline) => promqlRegexp(pipeline.name)).join('|'))}`;
  const level = 'group';
  const distanceMs = Math.max(...pipelines.map(sampleDistanceMs));
  const flagsRarely = pipelines.every((pipeline) => onePipeline(pipeline, prefix).flagsRarely);
  return {
    name: groupName('openanomaly_group-', name),
    interval: formatDuration(Math.min(distanceMs, MINUTE_MS)),
    rules: [
      ...recordingRules({ prefix, level, matchers, by: '', labels: { ...sharedLabels(pipelines), group: name } }),
      togetherRule({ prefix, level, matchers: `group=${promqlString(name)}`, distanceMs, flagsRarely }),
    ],
  };
}

/** Labels that all the pipelines have: what is said of the whole takes the route of its parts where they take one. */
function sharedLabels([first, ...others]: readonly Pipeline[]): Record<string, string> {
  const own = Object.entries(first?.labels ?? {});
  return Object.fromEntries(own.filter(([name, value]) => others.every(({ labels }) => labels[name] === value)));
}
