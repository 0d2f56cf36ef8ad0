import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findJudged } from '../../bench/data/find-judged.ts';
import type { JudgedSet } from '../../bench/data/judged-set.ts';
import { rowsNamed } from '../../bench/detect/rows.ts';
import { merged, partOf } from '../../bench/detect/together.ts';
import { watch } from '../../bench/detect/watch.ts';
import { suite } from '../../bench/detect.ts';
import { asResult, type BenchResult } from '../../bench/support/report.ts';
import type { Bench } from '../../bench/support/suite.ts';
import { gaussian, randomOf } from '../support/random.ts';
import { folderOf } from './folders.ts';

const MINUTE_MS = 60_000;
const START_S = Date.UTC(2024, 5, 1) / 1000;

/** Noise around a daily wave, with a fault of ten samples. */
function valuesOf(steps: number, seed: number, fault: number, stepMinutes: number): number[] {
  const random = randomOf(seed);
  return Array.from({ length: steps }, (_, i) => {
    const wave = 10 * Math.sin((2 * Math.PI * i * stepMinutes) / 1440);
    return 100 + wave + gaussian(random) + (i >= fault && i < fault + 10 ? 40 : 0);
  });
}

const isFault = (i: number, fault: number) => (i >= fault && i < fault + 10 ? 1 : 0);
const csv = (header: string, rows: readonly string[]) => `${header}\n${rows.join('\n')}\n`;
const iso = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');

function kpiText(steps: number, seed: number, fault: number): string {
  const rows = valuesOf(steps, seed, fault, 1).map((v, i) => `${START_S + 60 * i},${v},${isFault(i, fault)}`);
  // A gap of some minutes, such as files have, one of an hour, and some hours with three samples in ten minutes.
  const isThere = (i: number) =>
    (i < 800 || i >= 806) && (i < 900 || i >= 960) && (i < 1200 || i >= 1500 || i % 10 < 3);
  return csv(
    'timestamp,value,label',
    rows.filter((_, i) => isThere(i)),
  );
}

function serverText(steps: number, seed: number, fault: number, isLabelled: boolean): string {
  const columns = [0, 1, 2, 3].map((m) => valuesOf(steps, seed + m, fault, 5));
  const header = `i,m1,m2,m3,m4${isLabelled ? ',label' : ''}`;
  const label = (i: number) => (isLabelled ? `,${isFault(i, fault)}` : '');
  return csv(
    header,
    columns[0]!.map((_, i) => `${i},${columns.map((column) => column[i]).join(',')}${label(i)}`),
  );
}

/** A folder of every layout, each with a fault that nobody could miss. */
function allLayouts(): string {
  const nabTimes = (i: number) => iso(START_S + 300 * i + 53);
  const windows = { 'group/a.csv': [[`${nabTimes(990)}.000000`, `${nabTimes(1040)}.000000`]], 'group/b.csv': [] };
  const nab = (seed: number, fault: number) =>
    csv(
      'timestamp,value',
      valuesOf(1500, seed, fault, 5).map((v, i) => `${nabTimes(i)},${v}`),
    );
  const pod = valuesOf(700, 9, 400, 1);
  const shop = [3, 4].map((seed) => valuesOf(400, seed, -100, 5));
  return folderOf({
    'kpi2018/train/one.csv.gz': kpiText(3000, 1, 2000),
    'kpi2018/test/one.csv.gz': kpiText(3000, 2, 2500),
    'nab/data/group/a.csv.gz': nab(3, 1000),
    'nab/data/group/b.csv.gz': nab(4, -100),
    'nab/data/group/strange.csv.gz': nab(5, -100),
    'nab/labels/windows.json': JSON.stringify(windows),
    'asd/omi-1_train.csv.gz': serverText(600, 10, -100, false),
    'asd/omi-1_test.csv.gz': serverText(600, 20, 300, true),
    'smd/machine-1-1_train.csv.gz': serverText(600, 30, -100, false),
    'smd/machine-1-1_test.csv.gz': serverText(600, 40, 300, true),
    'nezha/2022-08-22/pod-a_metric.csv.gz': csv(
      'Time,TimeStamp,PodName,Cpu,Memory,Reads',
      pod.map((v, i) => `${iso(START_S + 60 * i)}.6071 +0000 UTC m=+0.1,0,pod-a,${v},${v},${v}`),
    ),
    'nezha/2022-08-22/fault_list.json': JSON.stringify({
      '06': [{ inject_time: iso(START_S + 60 * 400), inject_pod: 'pod-a', inject_type: 'cpu' }],
      '07': [{ inject_time: iso(START_S + 60 * 600), inject_pod: 'pod-b', inject_type: 'cpu' }],
    }),
    'nezha/2022-08-22/dependency.csv.gz': csv('s,t', ['a,b']),
    'petshop/low_noissue_metrics.csv.gz': csv('microservice,a,b,c', [
      'metric,latency,latency,calls',
      'statistic,Average,Average,Sum',
      'unix_timestamp,,,',
      ...shop[0]!.map((v, i) => `${START_S + 300 * i}.0,${v},${shop[1]![i]},`),
    ]),
    'boom/ds-1-T.csv.gz': csv('v0', ['1', '2']),
  });
}

async function setsIn(dir: string): Promise<JudgedSet[]> {
  return (await findJudged(dir)).map((file) => file.read());
}

async function runSuite(options: Record<string, string>): Promise<{ results: BenchResult[]; printed: string }> {
  const results: BenchResult[] = [];
  let printed = '';
  const bench: Bench = {
    options,
    progress() {},
    done() {},
    add: (measurement) => void results.push(asResult(measurement)),
    print(text) {
      printed += text;
    },
  };
  await suite.run(bench);
  return { results, printed };
}

describe('labelled folders', () => {
  it('are found in every layout, and strangers are passed by', async () => {
    const files = await findJudged(allLayouts());
    expect(files.map(({ set, part }) => `${set} ${part}`)).toEqual([
      'asd asd',
      'kpi2018 test',
      'kpi2018 train',
      'nab group',
      'nab group',
      'nezha 2022-08-22',
      'petshop petshop',
      'smd smd',
    ]);
    await expect(findJudged(folderOf({ 'a.csv': 'x,y\n1,2\n' }))).rejects.toThrow(/nothing labelled/);
    await expect(findJudged('/does/not/exist')).rejects.toThrow(/no such folder/);
  });

  it('are found from a single folder of a set too', async () => {
    const dir = allLayouts();
    expect(await findJudged(join(dir, 'nab', 'data', 'group'))).toHaveLength(2);
    expect(await findJudged(join(dir, 'kpi2018', 'test'))).toHaveLength(1);
  });

  it('are read with their labels in place', async () => {
    const [asd, kpi, , nab, calm, pod, shop] = await setsIn(allLayouts());
    expect(asd).toMatchObject({ stepMs: 5 * MINUTE_MS, steps: 1200, firstRow: 600, name: 'omi-1' });
    expect(kpi!.values.slice(799, 807).map((value) => (Number.isNaN(value) ? 1 : 0))).toEqual(
      Float64Array.of(0, 1, 1, 1, 1, 1, 1, 0),
    );
    expect(nab!.judgement).toEqual({ kind: 'windows', windows: [[990, 1040]] });
    expect(calm!.judgement).toEqual({ kind: 'windows', windows: [] });
    expect(pod).toMatchObject({ stepMs: MINUTE_MS, series: ['Cpu', 'Memory', 'Reads'] });
    expect(pod!.judgement).toEqual({
      kind: 'faults',
      faults: [{ kind: 'cpu', startMs: (START_S + 60 * 400) * 1000 }],
    });
    expect(shop!.series).toEqual(['a.latency.Average', 'b.latency.Average']);
  });
});

describe('a set that is watched', () => {
  const scoresOf = async (set: JudgedSet, rule: readonly string[], everyMs?: number) =>
    (await watch(set, { rule: ['mode: anomaly_only', ...rule], ...(everyMs !== undefined && { everyMs }) })).score;

  it('has the scores of an evaluation every minute, gaps included', async () => {
    const [, kpi] = await setsIn(allLayouts());
    for (const technique of ['tail', 'z_score']) {
      const rule = [`anomaly: {technique: ${technique}}`];
      const hourly = await scoresOf(kpi!, rule);
      expect(hourly).toEqual(await scoresOf(kpi!, rule, MINUTE_MS));
      expect(hourly.filter(Number.isFinite).length).toBeGreaterThan(2500);
    }
  });

  it('has the same scores when one pipeline watches other series too', async () => {
    const [, one, other] = await setsIn(allLayouts());
    const late = { ...other!, startMs: other!.startMs + 500 * MINUTE_MS };
    const sets = [one!, late];
    for (const row of rowsNamed('tail,z_score').filter(({ name }) => name !== 'random')) {
      const whole = merged(sets);
      const together = await row.score(whole);
      for (const [s, set] of sets.entries())
        expect(partOf(together, whole, sets, s).score, row.name).toEqual((await row.score(set)).score);
    }
  });

  it('has scores that nothing later can change', async () => {
    const [, kpi] = await setsIn(allLayouts());
    const rules = [[], ['anomaly: {technique: confidence_interval}', 'model: {id: calendar}']];
    for (const rule of rules) {
      const whole = await scoresOf(kpi!, rule);
      const changed = { ...kpi!, values: kpi!.values.map((value, i) => (i < 2200 ? value : 7)) };
      expect((await scoresOf(changed, rule)).subarray(0, 2200)).toEqual(whole.subarray(0, 2200));
    }
  });

  it('is what baselines score as well, by nothing later', async () => {
    const [, kpi] = await setsIn(allLayouts());
    const changed = { ...kpi!, values: kpi!.values.map((value, i) => (i < 2200 ? value : 7)) };
    for (const row of rowsNamed('tail').slice(0, 3)) {
      const { score } = await row.score(kpi!);
      expect((await row.score(changed)).score.subarray(0, 2200), row.name).toEqual(score.subarray(0, 2200));
    }
  });
});

describe('the bench', () => {
  it('measures every set, by folder and by kind, and always the rows that are none of ours', async () => {
    const { results, printed } = await runSuite({ data: allLayouts(), techniques: 'tail' });
    const value = (name: string) => results.find((result) => result.name === name)?.value;
    for (const set of ['kpi2018', 'asd', 'smd', 'nab']) {
      expect(value(`tail/${set}/event_recall`), set).toBe(1);
      expect(value(`random/${set}/auc_pr`), set).toBeLessThan(value(`tail/${set}/auc_pr`)!);
    }
    expect(value('tail/kpi2018.train/event_f1')).toBeGreaterThan(0.6);
    expect(value('tail/nab/nab_standard')).toBeGreaterThan(80);
    expect(value('tail/nab/nab_standard@best')).toBeGreaterThanOrEqual(value('tail/nab/nab_standard')!);
    expect(value('tail/nezha/fault_recall')).toBe(1);
    expect(value('tail/nezha/fault_control')).toBeLessThan(0.2);
    expect(value('tail/petshop/false_alarms_per_series_day')).toBeLessThan(1);
    expect(value('rolling_z_score/smd/vus_pr')).toBeGreaterThan(0);
    expect(value('first_difference/smd/seconds_per_1000_series')).toBeGreaterThan(0);
    expect(printed).toMatch(/^kpi2018: 2 judged$/m);
    expect(printed).toMatch(/^kpi2018\.test: 1 judged$/m);
  });

  it('writes thresholds that another run takes', async () => {
    const dir = allLayouts();
    const file = join(dir, 'frozen.json');
    await runSuite({ data: join(dir, 'kpi2018', 'train'), techniques: 'tail', freeze: file });
    const { printed } = await runSuite({ data: join(dir, 'nab'), techniques: 'tail', sets: 'na*', threshold: file });
    const { printed: plain } = await runSuite({ data: join(dir, 'nab'), techniques: 'tail' });
    expect(printed).not.toEqual(plain);
  });

  it('draws what was missed and what was false, and folds choose', async () => {
    const dir = allLayouts();
    const plots = join(dir, 'plots');
    const file = join(dir, 'frozen.json');
    // At half the threshold there is noise to draw.
    writeFileSync(file, JSON.stringify({ thresholds: { tail: 0.5 } }));
    const options = { data: dir, techniques: 'tail', sets: 'kpi2018,asd,smd', threshold: file, plots, folds: 'true' };
    const { results, printed } = await runSuite(options);
    expect(readFileSync(join(plots, 'kpi2018.false-alarms.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(results.map(({ name }) => name)).toContain('folds-by-set/kpi2018/event_f1');
    expect(printed).toMatch(/^asd +whole set/m);
  });

  it('refuses techniques and sets that do not exist', async () => {
    const data = allLayouts();
    await expect(runSuite({ data, techniques: 'tale' })).rejects.toThrow(/no such technique: tale/);
    await expect(runSuite({ data, sets: 'kpi' })).rejects.toThrow(/no set of these names/);
  });
});
