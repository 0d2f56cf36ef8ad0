import type { JudgedSet } from '../data/judged-set.ts';
import { type Baseline, firstDifference, random, rollingZScore, scoreBaseline } from './baselines.ts';
import { type Join, kthLargest } from './unit.ts';
import { type Watched, watch } from './watch.ts';

/**
 * How many metrics of a server have to agree before the server counts as anomalous: what an alert rule says as
 * `count by (instance) (openanomaly_anomaly != 0) >= 3`. Folds choose it on each set of servers for the other.
 */
const AGREEING_METRICS = 3;

/** A row of the tables: something that scores. */
export interface Row {
  readonly name: string;
  /** Score above which rows are flagged, unless a file says otherwise. */
  readonly threshold: number;
  /** Joins the scores of a server's metrics. */
  readonly join: Join;
  /** Whether it can look at a set. */
  fits(set: JudgedSet): boolean;
  score(set: JudgedSet): Promise<Watched>;
}

function baselineRow(name: string, threshold: number, baseline: Baseline): Row {
  return {
    name,
    threshold,
    join: kthLargest(AGREEING_METRICS),
    fits: () => true,
    async score(set) {
      const before = process.cpuUsage();
      const score = scoreBaseline(set, baseline);
      const { user, system } = process.cpuUsage(before);
      const none = new Float32Array(0);
      return { score, lower: none, upper: none, view: new Uint8Array(0), cpuMs: (user + system) / 1000 };
    },
  };
}

/** A technique of ours in a pipeline that says nothing else, but what `rule` has. */
function techniqueRow(name: string, rule: readonly string[], more: Partial<Row> = {}): Row {
  return {
    name,
    // What the product flags by default; where scores are so far apart is the technique's own affair.
    threshold: 1,
    join: kthLargest(AGREEING_METRICS),
    fits: () => true,
    score: (set) =>
      watch(set, { rule: rule.some((line) => line.startsWith('mode:')) ? rule : ['mode: anomaly_only', ...rule] }),
    ...more,
  };
}

const isGroup = ({ set }: JudgedSet) => set === 'asd' || set === 'smd' || set === 'nezha';

/** Thresholds of rows that are none of ours: chosen on the first halves of the KPI challenge, as `--freeze` does. */
export const ROWS: readonly Row[] = [
  baselineRow('random', 0.99996, random),
  baselineRow('rolling_z_score', 7.25, rollingZScore),
  baselineRow('first_difference', 13.1, firstDifference),
  techniqueRow('tail', []),
  // With the forecast as a fourth view, as pipelines have it that show forecasts too.
  techniqueRow('tail_with_forecast', ['mode: forecast_and_anomaly', 'model: {id: calendar}']),
  techniqueRow('confidence_interval', ['anomaly: {technique: confidence_interval}', 'model: {id: calendar}']),
  techniqueRow('z_score', ['anomaly: {technique: z_score}']),
  techniqueRow('iqr', ['anomaly: {technique: iqr}']),
  techniqueRow('isolation_forest', ['anomaly: {technique: isolation_forest}']),
  // All metrics of a server as one sample; the metric that has most to do with it carries the score of all.
  techniqueRow('isolation_forest_joined', ['series_type: multivariate', 'anomaly: {technique: isolation_forest}'], {
    join: kthLargest(1),
    fits: isGroup,
  }),
];

/** Rows of these names, in the order of the table; those that are no technique belong to it unless ours are alone. */
export function rowsNamed(list: string | undefined, isAlone = false): readonly Row[] {
  if (list === undefined) return isAlone ? ROWS.slice(BASELINES) : ROWS;
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name));
  if (unknown.length > 0)
    throw new Error(`no such technique: ${unknown.join(', ')}; there are ${ROWS.map(({ name }) => name).join(', ')}`);
  return ROWS.filter(({ name }, i) => (i < BASELINES && !isAlone) || names.includes(name));
}

const BASELINES = 3;
