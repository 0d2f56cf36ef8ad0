import { createHash } from 'node:crypto';
import type { PipelineStatus } from '../evaluate/status.ts';
import type { AnomalyEvent } from '../ports/event-log.ts';
import { type Html, html, join } from './html.ts';
import { anomalySection } from './landing-anomalies.ts';
import { LANDING_ICON, LANDING_SCRIPT, LANDING_STYLE } from './landing-assets.ts';
import { formatAge, formatCount, formatScore, formatSpan } from './landing-format.ts';

export interface ServerInfo {
  readonly version: string;
  readonly startedMs: number;
  readonly configFile?: string | undefined;
  /** Where samples come from, as the operator knows it; no secrets. Asked each time, since a reload may change it. */
  readonly dataSources?: (() => readonly DataSourceInfo[]) | undefined;
}

export interface DataSourceInfo {
  readonly name: string;
  readonly kind: string;
  /** URL or path. */
  readonly target: string;
}

export interface LandingPage {
  readonly info: ServerInfo;
  readonly pipelines: readonly PipelineStatus[];
  /** Newest first; undefined where anomalies are not kept. */
  readonly anomalies?: readonly AnomalyEvent[] | undefined;
  readonly isReady: boolean;
  readonly nowMs: number;
  /** Path that every link begins with; empty or `/…`. */
  readonly root: string;
  readonly telemetryPath: string;
}

/** Nothing is loaded from elsewhere; our own style and script are named by their hashes. */
export const LANDING_POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(LANDING_STYLE)}'`,
  `script-src '${hashOf(LANDING_SCRIPT)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** A page for people: what runs, how it is, where to look next. Complete without its script, which only refreshes it. */
export function renderLandingPage(page: LandingPage): string {
  const { info, pipelines, anomalies, root, nowMs } = page;
  const api = `${root}/api/v1`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${titleOf(pipelines)}</title>
<link rel="icon" href="${LANDING_ICON}">
<style>${trusted(LANDING_STYLE)}</style>
</head>
<body>
<header>
<h1><img src="${LANDING_ICON}" alt="" width="28" height="28">OpenAnomaly</h1>
<span class="version">${info.version}</span>
<nav>
${anomalies === undefined ? '' : html`<a href="${api}/anomalies">Anomalies</a>\n<a href="${api}/incidents">Incidents</a>\n`}<a href="${root}${page.telemetryPath}">Metrics</a>
<a href="${root}/-/ready">Ready</a>
<a href="${root}/-/healthy">Healthy</a>
</nav>
</header>
<main>
${summary(page)}
${anomalies === undefined ? '' : anomalySection(anomalies, { nowMs, api })}
${pipelines.length === 0 ? NO_PIPELINES : table(pipelines, nowMs)}
${facts(page)}
</main>
<p id="lost" role="status" hidden>No connection; what you see is old.</p>
<script>${trusted(LANDING_SCRIPT)}</script>
</body>
</html>
`.text;
}

const NO_PIPELINES = html`<p class="empty">No pipelines are loaded. Name your rule files under <code>rule_files</code> in the configuration.</p>`;

/** Style and script are ours and must stand as they are, or their hashes would not fit. */
function trusted(text: string): Html {
  return { text };
}

function titleOf(pipelines: readonly PipelineStatus[]): string {
  const flagged = sum(pipelines, (pipeline) => pipeline.flagged);
  return flagged > 0 ? `(${flagged}) OpenAnomaly` : 'OpenAnomaly';
}

function summary({ pipelines, anomalies = [], isReady }: LandingPage): Html {
  const open = anomalies.filter(({ ending }) => ending === undefined).length;
  const flagged = sum(pipelines, (pipeline) => pipeline.flagged);
  const failing = pipelines.filter((pipeline) => pipeline.enabled && pipeline.health === 'error').length;
  const warming = sum(pipelines, (pipeline) => pipeline.warmingUp);
  return html`<section class="summary" aria-label="Summary">
${figure(isReady ? 'Ready' : 'Starting', 'status', isReady ? 'ok' : 'wait')}
${figure(formatCount(pipelines.length), pipelines.length === 1 ? 'pipeline' : 'pipelines')}
${figure(formatCount(sum(pipelines, (pipeline) => pipeline.series)), 'series')}
${warming > 0 ? figure(formatCount(warming), 'warming up', 'wait') : ''}
${figure(formatCount(flagged), 'flagged now', flagged > 0 ? 'flag' : '')}
${open > 0 ? figure(formatCount(open), open === 1 ? 'open anomaly' : 'open anomalies', 'flag') : ''}
${failing > 0 ? figure(formatCount(failing), 'failing', 'bad') : ''}
</section>`;
}

function figure(value: string, name: string, tone = ''): Html {
  return html`<div class="figure ${tone}"><strong>${value}</strong><span>${name}</span></div>`;
}

function table(pipelines: readonly PipelineStatus[], nowMs: number): Html {
  const groups = new Map<string, PipelineStatus[]>();
  for (const pipeline of pipelines) {
    const key = `${pipeline.group}\n${pipeline.file}`;
    groups.set(key, [...(groups.get(key) ?? []), pipeline]);
  }
  return html`<div class="wide"><table>
<thead><tr><th scope="col">Pipeline</th><th scope="col">Health</th><th scope="col">Evaluated</th><th scope="col" class="n">Series</th><th scope="col" class="n">Flagged</th><th scope="col" class="n">Highest score</th><th scope="col">Engines</th></tr></thead>
${join([...groups.values()].map((members) => groupRows(members, nowMs)))}
</table></div>`;
}

function groupRows(members: readonly PipelineStatus[], nowMs: number): Html {
  const { group, file } = members[0]!;
  return html`<tbody>
<tr class="group"><th colspan="7" scope="rowgroup">${group}<span class="file">${file}</span></th></tr>
${join(members.map((pipeline) => pipelineRows(pipeline, nowMs)))}
</tbody>
`;
}

function pipelineRows(pipeline: PipelineStatus, nowMs: number): Html {
  const { name, description, query, series, warmingUp, flagged, highestScore, lastError } = pipeline;
  const [tone, word] = healthOf(pipeline);
  const noEngine = Object.keys(pipeline.engines).length === 0;
  const score = highestScore === undefined ? html`<span class="dim">–</span>` : html`${formatScore(highestScore)}`;
  return html`<tr class="pipeline${pipeline.enabled ? '' : ' off'}">
<th scope="row"><span class="name">${name}</span>${description === '' ? '' : html`<span class="about">${description}</span>`}<code title="${query}">${query}</code></th>
<td data-name="Health"><span class="health ${tone}">${word}</span></td>
<td data-name="Evaluated">${evaluated(pipeline, nowMs)}</td>
<td data-name="Series" class="n">${formatCount(series)}${warmingUp > 0 ? html`<small>${formatCount(warmingUp)} warming up</small>` : ''}</td>
<td data-name="Flagged" class="n${flagged > 0 ? ' flag' : ''}">${formatCount(flagged)}</td>
<td data-name="Highest score" class="n${(highestScore ?? 0) >= 1 ? ' flag' : ''}">${score}</td>
<td data-name="Engines"${noEngine ? html` class="none"` : ''}>${engines(pipeline)}</td>
</tr>
${lastError === undefined ? '' : html`<tr class="error"><td colspan="7">${lastError}</td></tr>`}`;
}

function healthOf({ enabled, health }: PipelineStatus): readonly [string, string] {
  if (!enabled) return ['off', 'disabled'];
  return health === 'ok' ? ['ok', 'ok'] : health === 'error' ? ['bad', 'error'] : ['wait', 'starting'];
}

function evaluated(pipeline: PipelineStatus, nowMs: number): Html {
  const { lastEvaluationMs, lastEvaluationDurationMs } = pipeline;
  if (lastEvaluationMs === undefined) return html`<span class="dim">not yet</span>${firstLook(pipeline)}`;
  const instant = new Date(lastEvaluationMs).toISOString();
  const took =
    lastEvaluationDurationMs === undefined ? '' : html`<small>in ${formatSpan(lastEvaluationDurationMs)}</small>`;
  return html`<time datetime="${instant}" title="${instant}">${formatAge(nowMs - lastEvaluationMs)}</time>${took}`;
}

/** How far a first evaluation is, which may take minutes where there are many series. */
function firstLook({ health, series, engines }: PipelineStatus): Html | string {
  if (health !== 'starting' || series === 0) return '';
  const forecast = sum(Object.values(engines), Number);
  return html`<small>${forecast === 0 ? 'first look' : `${formatCount(forecast)} of ${formatCount(series)} forecast`}</small>`;
}

function engines({ engines: mix }: PipelineStatus): Html {
  const parts = Object.entries(mix)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([engine, count]) => html`<span class="engine">${engine} <b>${formatCount(count)}</b></span>`);
  return parts.length === 0 ? html`<span class="dim">–</span>` : join(parts);
}

function facts({ info, nowMs }: LandingPage): Html {
  const started = new Date(info.startedMs).toISOString();
  const sources = info.dataSources?.() ?? [];
  return html`<dl>
${join(sources.map(({ name, kind, target }) => html`<div><dt>Data source ${name}</dt><dd>${kind} <code>${target}</code></dd></div>`))}
${info.configFile === undefined ? '' : html`<div><dt>Configuration</dt><dd><code>${info.configFile}</code></dd></div>`}
<div><dt>Running for</dt><dd><time datetime="${started}" title="since ${started}">${formatSpan(nowMs - info.startedMs)}</time></dd></div>
</dl>`;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
