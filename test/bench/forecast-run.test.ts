import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findCollections } from '../../bench/data/find-collections.ts';
import type { Collection, SeriesSet } from '../../bench/data/series-set.ts';
import { measure } from '../../bench/forecast/measure.ts';
import { openEngines } from '../../bench/forecast/open-engines.ts';
import { Published } from '../../bench/forecast/results.ts';
import { engineRows, NAIVE } from '../../bench/forecast/rows.ts';
import { runSet } from '../../bench/forecast/run-set.ts';
import { asResult, type BenchResult } from '../../bench/support/report.ts';
import type { Bench } from '../../bench/support/suite.ts';
import { OpenAnomalyError } from '../../src/errors.ts';
import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import type { ForecastRequest, ModelEngine } from '../../src/ports/model-engine.ts';
import { gridEnd } from '../../src/series/grid.ts';
import { plainEngine } from '../support/plain-engine.ts';
import { gaussian, randomOf } from '../support/random.ts';
import { boomText, columnOf, folderOf } from './folders.ts';

/** `npm test` builds first, since threads run compiled code. */
const COMPILED_WORKER = new URL('../../dist/adapters/model/worker.js', import.meta.url);

function workers() {
  const engines = openEngines(COMPILED_WORKER);
  onTestFinished(() => engines.port[Symbol.asyncDispose]());
  return engines;
}

const enginesOf = (port: ModelEngine) => ({ port, asked: new Set<string>() });
const quiet = { contextSteps: undefined, plotted: () => false, started: () => {} };

async function setsOf(
  dir: string,
  which = (_: Collection) => true,
): Promise<{ set: SeriesSet; published: Published }[]> {
  const collections = await findCollections(dir);
  return collections.filter(which).flatMap((collection) => {
    const published = new Published(collection.published);
    return collection.files.flatMap((file) => collection.read(file).map((set) => ({ set, published })));
  });
}

/**
 * Three sets whose seasonal naive error can be worked out in the head, laid out as the public ones are.
 *
 * - Days, so the season is a step and the forecast the last value. One series alternates 0 and 1 (scale 1), ends on 1 and
 *   then stays 3: error 2. The other climbs by 2 (scale 2) and keeps on: errors 2, 4 … 60, scaled mean 15.5. Together
 *   (2 + 15.5) / 2 = 8.75.
 * - Hours: hour of the day plus 10 a day, scale 10. The first day of the window errs by 10, the second by 20: 1.5.
 * - The same where the window's second day did not come, and one sample of the last known day is missing, so that the
 *   forecast of that hour is two days old: (23 · 10 + 20) / 24 / 10 = 1.041667.
 */
function handWorked(): string {
  const climbing = (t: number) => (t % 24) + 10 * Math.floor(t / 24);
  const isMissing = (t: number) => t === 413 || t >= 456;
  const meta = (freq: string) => ({ start: '2024-06-01T00:00:00', freq, term: 'short' });
  return folderOf({
    'ds-1-D.csv.gz': boomText([columnOf(60, (t) => (t < 30 ? t % 2 : 3)), columnOf(60, (t) => 2 * t)]),
    'ds-2-H.csv.gz': boomText([columnOf(480, climbing)]),
    'ds-3-H.csv.gz': boomText([columnOf(480, (t) => (isMissing(t) ? Number.NaN : climbing(t)))]),
    'meta.json': JSON.stringify({ 'ds-1-D': meta('D'), 'ds-2-H': meta('H'), 'ds-3-H': meta('H') }),
    'published.csv': [
      'dataset,term,model,MASE,CRPS,MAE',
      'ds-1-D,short,seasonalnaive,8.75,1,1',
      'ds-2-H,short,seasonalnaive,1.5,1,1',
      'ds-3-H,short,seasonalnaive,1.041667,1,1\n',
    ].join('\n'),
  });
}

describe('seasonal naive', () => {
  // With OPENANOMALY_DATA this is the check on the public sets, otherwise on sets worked out by hand.
  it('reproduces the published MASE to four decimals', async () => {
    const engines = workers();
    let checked = 0;
    const isPublished = (collection: Collection) => collection.published.length > 0;
    for (const { set, published } of await setsOf(process.env['OPENANOMALY_DATA'] ?? handWorked(), isPublished)) {
      const { scores } = await runSet(engines, set, { ...quiet, rows: engineRows(NAIVE) });
      for (const term of scores.terms) {
        const row = published.find(set.name, term.term, 'seasonalnaive');
        if (row === undefined) continue;
        expect(Math.abs(term.rows.get(NAIVE)!.mase - row.mase), `${set.name} ${term.term}`).toBeLessThan(5e-5);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(2);
  });

  it('has the error that was worked out by hand', async () => {
    const engines = workers();
    const found: number[] = [];
    for (const { set } of await setsOf(handWorked())) {
      const { scores } = await runSet(engines, set, { ...quiet, rows: engineRows(NAIVE) });
      found.push(...scores.terms.map((term) => term.rows.get(NAIVE)!.mase));
    }
    expect(found.map((mase) => mase.toFixed(4))).toEqual(['8.7500', '1.5000', '1.0417']);
  });
});

/** Noise around a level, a set of one series at a minute. */
async function noiseSet(steps: number): Promise<SeriesSet> {
  const random = randomOf(7);
  const [found] = await setsOf(folderOf({ 'ds-1-T.csv': boomText([columnOf(steps, () => 20 + gaussian(random))]) }));
  return found!.set;
}

describe('windows of an engine', () => {
  it('see nothing of what comes after, and pass on the hints of the window before', async () => {
    const set = await noiseSet(4000);
    const port = plainEngine();
    await runSet(enginesOf(port), set, { ...quiet, rows: engineRows('ets') });
    const asked = port.requests.filter((request) => request.engine === 'ets' && request.horizonSteps === 48);
    const windows = asked.slice(-9);
    expect(windows.map(({ context }) => gridEnd(context.grid))).toEqual(
      Array.from({ length: 9 }, (_, i) => set.startMs + (4000 - (9 - i) * 48 - 1) * set.stepMs),
    );
    for (const { context } of windows) {
      expect(context.grid.steps).toBe(port.traits.maxContextSteps);
      const first = (context.grid.startMs - set.startMs) / set.stepMs;
      expect([...context.values]).toEqual([...set.values.subarray(first, first + context.grid.steps)]);
    }
    expect(windows[0]!.hints).toEqual([undefined]);
    windows.slice(1).forEach(({ hints }, i) => {
      expect(hints).toEqual([{ engine: 'plain', periods: [], checkedMs: windows[i]!.context.grid.startMs }]);
    });
  });

  it('get the context asked for, the yardstick all there is', async () => {
    const port = plainEngine();
    await runSet(enginesOf(port), await noiseSet(4000), { ...quiet, contextSteps: 64, rows: engineRows('ets') });
    const steps = (engine: string) =>
      new Set(port.requests.filter((request) => request.engine === engine).map(({ context }) => context.grid.steps));
    expect([...steps('ets')]).toEqual([64]);
    expect([...steps(NAIVE)]).toEqual([port.traits.maxContextSteps]);
  });

  it('count for no engine where the context is empty', async () => {
    const text = boomText([columnOf(4000, (t) => (t > 3000 && t < 3900 ? Number.NaN : t % 7))]);
    const [found] = await setsOf(folderOf({ 'ds-1-T.csv': text }));
    const { scores } = await runSet(enginesOf(plainEngine()), found!.set, {
      ...quiet,
      contextSteps: 50,
      rows: engineRows('ets'),
    });
    // Of the last 100 samples, those of the window that begins at 3904 have a context of four, those after it of more.
    expect(scores.terms[0]!.rows.get('ets')!.samples).toBe(96);
  });
});

describe('calibration', () => {
  it('brings bands that are much too narrow to what they promise, after a warm-up', async () => {
    const narrow: ModelEngine = {
      ...plainEngine(),
      async forecast({ context, horizonSteps }: ForecastRequest) {
        const row = QUANTILE_LEVELS.map((level) => 20 + 1.2 * (level - 0.5));
        return {
          startMs: 0,
          stepMs: context.grid.stepMs,
          steps: horizonSteps,
          levels: QUANTILE_LEVELS,
          quantiles: Float64Array.from({ length: horizonSteps * row.length }, (_, i) => row[i % row.length]!),
          hints: context.labels.map(() => ({ engine: 'ets', periods: [], checkedMs: 0 })),
        };
      },
    };
    const { scores } = await runSet(enginesOf(narrow), await noiseSet(11_000), {
      ...quiet,
      rows: engineRows('ets,ets+calibration'),
    });
    const short = scores.terms[0]!;
    expect(short.rows.get('ets')!.coverage80).toBeLessThan(0.45);
    const { coverage80, coverage90, coverage98, mase } = short.rows.get('ets+calibration')!;
    expect(Math.abs(coverage80 - 0.8)).toBeLessThan(0.04);
    expect(Math.abs(coverage90 - 0.9)).toBeLessThan(0.03);
    expect(Math.abs(coverage98 - 0.98)).toBeLessThan(0.03);
    expect(mase).toBe(short.rows.get('ets')!.mase);
    expect(scores.terms[1]!.rows.has('ets+calibration')).toBe(false);
  });
});

describe('the suite', () => {
  function collecting(options: Bench['options']): { bench: Bench; results: BenchResult[]; text: () => string } {
    const results: BenchResult[] = [];
    let text = '';
    const bench: Bench = {
      options,
      progress() {},
      done() {},
      add: (measurement) => void results.push(asResult(measurement)),
      print: (more) => {
        text += more;
      },
    };
    return { bench, results, text: () => text };
  }

  it('prints a table a set, one a folder, names every result alike, and draws a picture a series', async () => {
    const random = randomOf(3);
    const daily = (t: number) => 10 + 5 * Math.sin((2 * Math.PI * t) / 1440) + gaussian(random);
    const dir = folderOf({
      'boom/ds-1-T.csv': boomText([columnOf(4000, daily)]),
      'boom/published.csv': 'dataset,term,model,MASE,CRPS,MAE\nds-1-T,short,toto,0.5,0.25,1\n',
      'kpi2018/a.csv': `timestamp,value,label\n${columnOf(4000, (t) => t)
        .map((t) => `${t * 60},${daily(t)},0`)
        .join('\n')}\n`,
    });
    const plots = join(dir, 'plots');
    const { bench, results, text } = collecting({ plots });
    const rows = engineRows('climatology,ets,ets+calibration');
    await measure(bench, await findCollections(dir), { rows, contextSteps: undefined, engines: workers() });

    const names = results.map((result) => result.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name).toMatch(
        /^[a-z_+]+\/[\w.-]+\/(short|medium|long|all)\/(mase|crps|coverage80|coverage90|coverage98|ms_per_series)$/,
      );
    }
    const value = (name: string) => results.find((result) => result.name === name)?.value;
    for (const name of ['seasonal_naive/all/all/mase', 'seasonal_naive/boom/short/crps']) expect(value(name)).toBe(1);
    expect(value('ets/kpi2018.a/short/mase')).toBeLessThan(1.2);
    expect(value('ets+calibration/ds-1-T/short/coverage90')).toBeGreaterThan(0.8);
    expect(value('ets/all/medium/mase')).toBeCloseTo(
      Math.sqrt(value('ets/boom/medium/mase')! * value('ets/kpi2018/medium/mase')!),
      2,
    );
    expect(text()).toMatch(/^ds-1-T: 1 series of 4000 steps of 1m, aggregated relative to our own seasonal naive$/m);
    expect(text()).toMatch(/^ {2}toto +0\.5000 +0\.2500$/m);
    expect(text()).toMatch(/^kpi2018: 1 sets relative to our own seasonal naive/m);

    const pictures = readdirSync(plots).sort();
    expect(pictures).toEqual([
      'ds-1-T.v0.climatology.svg',
      'ds-1-T.v0.ets.svg',
      'kpi2018.a.value.climatology.svg',
      'kpi2018.a.value.ets.svg',
    ]);
    const svg = readFileSync(join(plots, 'ds-1-T.v0.ets.svg'), 'utf8');
    expect(svg).toMatch(/short, window \d of 9 \(worst\), error/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('judges as many windows as asked for, and sets nothing published beside them', async () => {
    const dir = folderOf({
      'boom/ds-1-T.csv': boomText([columnOf(4000, (t) => (t * 7919) % 101)]),
      'boom/published.csv': 'dataset,term,model,MASE,CRPS,MAE\nds-1-T,short,toto,0.5,0.25,1\n',
    });
    const { bench, text } = collecting({});
    const how = { rows: engineRows('climatology'), contextSteps: undefined, engines: enginesOf(plainEngine()) };
    await measure(bench, await findCollections(dir), { ...how, mostWindows: undefined });
    expect(text()).toMatch(/short 9 × 48/);
    expect(text()).toMatch(/toto/);
    const more = collecting({});
    await measure(more.bench, await findCollections(dir), { ...how, mostWindows: 40 });
    expect(more.text()).toMatch(/short 40 × 48/);
    expect(more.text()).not.toMatch(/toto|published/);
  });

  it('says which engine cannot run here, and measures the others', async () => {
    const plain = plainEngine();
    const port: ModelEngine = {
      ...plain,
      forecast: (request, signal) =>
        request.engine === 'ets'
          ? Promise.reject(new OpenAnomalyError('engine_unavailable', 'there is no runtime for it'))
          : plain.forecast(request, signal),
    };
    const dir = folderOf({ 'ds-1-T.csv': boomText([columnOf(4000, (t) => (t * 7919) % 101)]) });
    const { bench, results, text } = collecting({});
    const rows = engineRows('ets,climatology');
    await measure(bench, await findCollections(dir), { rows, contextSteps: undefined, engines: enginesOf(port) });
    expect(text()).toMatch(/^ets +not available$/m);
    expect(text()).toContain('ets is not available: there is no runtime for it');
    expect(results.some(({ name }) => name.startsWith('ets/'))).toBe(false);
    expect(results.some(({ name }) => name === 'climatology/all/all/crps')).toBe(true);
  });

  it('measures only the sets of the names given', async () => {
    const dir = folderOf({
      'ds-1-T.csv': boomText([columnOf(3000, (t) => (t * 7919) % 101)]),
      'ds-20-T.csv': boomText([columnOf(3000, (t) => (t * 7919) % 103)]),
      'ds-21-T.csv': boomText([columnOf(3000, (t) => (t * 7919) % 97)]),
    });
    const { bench, results } = collecting({ sets: 'ds-2*' });
    const how = { rows: engineRows(NAIVE), contextSteps: undefined, engines: enginesOf(plainEngine()) };
    await measure(bench, await findCollections(dir), how);
    expect(new Set(results.map(({ name }) => name.split('/')[1]))).toEqual(new Set(['ds-20-T', 'ds-21-T', 'all']));
    await expect(measure(collecting({ sets: 'x' }).bench, await findCollections(dir), how)).rejects.toThrow(/no set/);
  });

  it('knows its rows', () => {
    expect(engineRows(undefined).map((row) => row.name)).toEqual(
      expect.arrayContaining([NAIVE, 'climatology', 'ets', 'openanomaly-tiny', 'calendar', 'auto', 'auto+calibration']),
    );
    expect(() => engineRows('ets,crystal-ball')).toThrow('no such engine: crystal-ball');
  });
});
