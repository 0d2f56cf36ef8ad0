import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import { type Surroundings, startSurroundings } from '../e2e/beside-prometheus.ts';
import { eventually, queryServer } from '../e2e/process.ts';
import { get, interpolate, optionsOf, readDashboards, type Variable } from '../support/grafana.ts';
import { randomOf } from '../support/random.ts';
import { startVictoriaMetrics, type TestServer } from '../support/servers.ts';

/**
 * Every query of every dashboard, asked as Grafana would ask it, of a Prometheus that scraped us while some series
 * were anomalous and some rose to a limit.
 */
const SHARDS = 4;
const RULES = `
groups:
  - name: dashboards
    interval: 1s
    query_offset: 1s
    pipelines:
      - name: load
        query: e2e_load
        step: 1s
        context_window: 10m
        prediction_horizon: 30s
        forecast_schedule: "*/5 * * * * *"
        output: {horizons: [5s, 20s]}
      - name: passing
        selector: e2e_load
        step: 1s
        context_window: 10m
        prediction_horizon: 30s
`;
/** One that is reached and one that is ahead: each is of interest to one panel. */
const LIMITS = ['1', '100'] as const;
/** Any span that holds what the test has seen so far. */
const RANGE_S = 60;

const FIXED = new Map([
  ['__rate_interval', '15s'],
  ['__interval', '2s'],
  ['__range', `${RANGE_S}s`],
]);

let around: Surroundings;
let victoria: TestServer;

beforeAll(async () => {
  victoria = await startVictoriaMetrics();
  around = await startSurroundings({
    shards: SHARDS,
    rules: RULES,
    settings: `
remote_write: [{url: '${victoria.url}/api/v1/write', name: store, queue_config: {batch_send_deadline: 1s}}]
proxy: {url: '${victoria.url}/api/v1/write'}
`,
    prometheusConfig: (ours) => `
remote_write: [{url: '${ours}/api/v1/write', queue_config: {batch_send_deadline: 1s}}]
`,
  });
  await eventually(
    'scores in Prometheus',
    async () => {
      const scores = await queryServer(around.prometheus.url, 'openanomaly_score{pipeline="load"}');
      return scores.length === SHARDS ? true : undefined;
    },
    () => around.ours.child.log(),
  );
});

afterAll(async () => {
  await around?.stop();
  await victoria?.stop();
});

/** The values of a dashboard's variables: All where that is offered, else the first that is offered. */
async function choose(variables: readonly Variable[], limit: string): Promise<Map<string, string>> {
  const values = new Map([...FIXED, ['limit', limit]]);
  for (const variable of variables) {
    if (variable.type === 'custom') values.set(variable.name, String(variable.current?.value));
    if (variable.type !== 'query') continue;
    const options = await optionsOf(variable, around.prometheus.url, values);
    if (options.length === 0) throw new Error(`variable ${variable.name} offers nothing`);
    values.set(variable.name, variable.allValue ?? options[0]!);
  }
  return values;
}

interface Answer {
  readonly result: readonly unknown[];
}

async function ask(expr: string, { instant }: { instant: boolean }): Promise<Answer> {
  const now = Date.now() / 1000;
  const api = `${around.prometheus.url}/api/v1`;
  if (instant) return get<Answer>(`${api}/query?${new URLSearchParams({ query: expr })}`);
  const range = { query: expr, start: String(now - RANGE_S), end: String(now), step: '2' };
  return get<Answer>(`${api}/query_range?${new URLSearchParams(range)}`);
}

let asks = 0;
const startedMs = Date.now();

/**
 * One shard out of its band, and another that rises. When the fault comes is not to be foretold, and it is larger each
 * time: what lasts or comes again becomes usual.
 */
function nextLoad(): number[] {
  const seconds = (Date.now() - startedMs) / 1000;
  const isFaulty = randomOf(Math.floor(seconds / 8))() < 0.4;
  return [5, isFaulty ? 50 + seconds : 5, 4.9 + (seconds % 40) / 400, 5.02];
}

/** Panels that have nothing to show within the minutes of a test, and why. */
const NOT_YET: Readonly<Record<string, string>> = {
  'Flags per series and day': 'is absent until a whole day of a series was scored',
};

const dashboards = [...readDashboards()];

describe.each(dashboards)('dashboard %s', (_, dashboard) => {
  const queries = [
    ...dashboard.panels.flatMap((panel) =>
      (panel.targets ?? []).map((target) => [panel.title, target.refId || target.legendFormat, target] as const),
    ),
    ...(dashboard.annotations.list ?? []).map(
      ({ name, expr }) => [name, 'annotation', { expr, instant: false }] as const,
    ),
  ];

  test.each(dashboard.templating.list.filter(({ type }) => type === 'query').map((one) => [one.name, one] as const))(
    'variable %s offers something, All or the first of it a series',
    async (name) => {
      const values = await eventually('all variables', () => choose(dashboard.templating.list, LIMITS[0]));
      expect(values.get(name)).toBeTruthy();
    },
  );

  test.each(queries)('%s: %s has data', async (name, _, { expr, instant }) => {
    let said = '';
    const answer = await eventually(
      expr,
      async () => {
        await around.setLoad(nextLoad());
        const filled = interpolate(expr, await choose(dashboard.templating.list, LIMITS[asks++ % 2]!));
        expect(filled).not.toMatch(/\$[{\w]/);
        try {
          const { result } = await ask(filled, { instant: instant === true });
          said = `${filled}\nanswered ${result.length} series`;
          return result.length > 0 || NOT_YET[name] !== undefined ? result : undefined;
        } catch (error) {
          said = String(error);
          return undefined;
        }
      },
      () => said,
    );
    if (NOT_YET[name] === undefined) expect(answer.length).toBeGreaterThan(0);
    else expect(createTelemetry().registry.getSingleMetric(/openanomaly_\w+/.exec(expr)![0])).toBeDefined();
  });
});

test('an open series is the one with the highest score within the time range', async () => {
  const pipeline = dashboards.find(([name]) => name === 'pipeline')![1];
  await eventually('the moved shard first', async () => {
    await around.setLoad([5, 5, 5, 5000]);
    const values = await choose(pipeline.templating.list, LIMITS[0]);
    return values.get('series')!.includes('shard="3"') ? true : undefined;
  });
});
