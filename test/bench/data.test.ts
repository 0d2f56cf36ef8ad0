import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCollections } from '../../bench/data/find-collections.ts';
import { frequencyMs } from '../../bench/data/frequency.ts';
import { readLabelled } from '../../bench/data/labelled.ts';
import { onGrid, placeOnGrid, stepOf } from '../../bench/data/resample.ts';
import { boomText, folderOf } from './folders.ts';

const MINUTE_MS = 60_000;

describe('frequencies', () => {
  it.each([
    ['T', MINUTE_MS],
    ['5T', 5 * MINUTE_MS],
    ['30min', 30 * MINUTE_MS],
    ['10S', 10_000],
    ['H', 60 * MINUTE_MS],
    ['D', 1440 * MINUTE_MS],
    ['0T', undefined],
    ['M', undefined],
    ['-5T', undefined],
    ['', undefined],
  ])('%s is %s ms', (text, ms) => {
    expect(frequencyMs(text)).toBe(ms);
  });
});

describe('the grid of a file', () => {
  it('has the most frequent step, whatever gaps and doubles there are', () => {
    expect(stepOf(Float64Array.of(0, 300, 600, 600, 900, 86_400, 86_700))).toBe(300);
  });

  it('takes rows in any order; the later of two at one instant wins, a missing value does not', () => {
    const placement = placeOnGrid(Float64Array.of(600, 900, 1500, 900, 1200, 1200), 300);
    const even = onGrid(Float64Array.of(1, 2, 5, 3, 4, Number.NaN), placement);
    expect([...even.values]).toEqual([1, 3, 4, 5]);
    expect(even.startMs).toBe(600);
  });

  it('leaves instants without a row missing', () => {
    const even = onGrid(Float64Array.of(1, 2), placeOnGrid(Float64Array.of(0, 900), 300));
    expect([...even.values]).toEqual([1, Number.NaN, Number.NaN, 2]);
  });

  it('lies on multiples of the step, and rows that are a little off fall to the nearest instant', () => {
    const even = onGrid(Float64Array.of(1, 2, 3), placeOnGrid(Float64Array.of(1030, 1335, 1622), 300));
    expect(even.startMs).toBe(900);
    expect([...even.values]).toEqual([1, 2, 3]);
  });

  it('does not exist for a single instant', () => {
    expect(() => placeOnGrid(Float64Array.of(5, 5))).toThrow(/fewer than two/);
  });
});

describe('folders', () => {
  it('of the BOOM layout are read with their meta data', async () => {
    const meta = { 'ds-1-5T': { start: '2024-06-01T00:05:00', freq: '5T', term: 'medium' } };
    const dir = folderOf({
      'ds-1-5T.csv.gz': boomText([
        [1, 2, Number.NaN],
        [4, 5, 6],
      ]),
      'meta.json': JSON.stringify(meta),
      'published.csv': 'dataset,term,model,MASE,CRPS,MAE\nds-1-5T,short,toto,0.5,0.25,1\n',
    });
    const [collection] = await findCollections(dir);
    const [set] = collection!.read(collection!.files[0]!);
    expect(set).toMatchObject({ name: 'ds-1-5T', stepMs: 300_000, steps: 3, longestTerm: 'medium' });
    expect(set!.startMs).toBe(Date.UTC(2024, 5, 1, 0, 5));
    expect([...set!.values]).toEqual([1, 2, Number.NaN, 4, 5, 6]);
    expect(collection!.published).toEqual([{ set: 'ds-1-5T', term: 'short', model: 'toto', mase: 0.5, crps: 0.25 }]);
  });

  it('without meta data take the frequency from the name', async () => {
    const [collection] = await findCollections(folderOf({ 'ds-1-30T.csv': boomText([[1, 2]]) }));
    expect(collection!.read(collection!.files[0]!)[0]).toMatchObject({ stepMs: 1_800_000, startMs: 0 });
    expect(collection!.published).toEqual([]);
  });

  it.each([
    ['no entry', {}, /no entry for "ds-1-T"/],
    ['no frequency', { 'ds-1-T': { start: '2024-06-01T00:00:00' } }, /"freq" of "ds-1-T" is undefined/],
    ['a wrong start', { 'ds-1-T': { freq: 'T', start: 'yesterday' } }, /"start" of "ds-1-T" is "yesterday"/],
    ['an unknown term', { 'ds-1-T': { freq: 'T', start: '2024-06-01T00:00:00', term: 'far' } }, /"term" of "ds-1-T"/],
  ])('with %s in the meta data are refused', async (_, meta, message) => {
    const dir = folderOf({ 'ds-1-T.csv': boomText([[1, 2]]), 'meta.json': JSON.stringify(meta) });
    const [collection] = await findCollections(dir);
    expect(() => collection!.read(collection!.files[0]!)).toThrow(message);
  });

  it('of several layouts are found beside each other, and strangers are passed by', async () => {
    const root = folderOf({
      'boom/ds-1-T.csv.gz': boomText([[1, 2]]),
      'kpi2018/train/a.csv.gz': 'timestamp,value,label\n0,1,0\n60,2,1\n',
      'kpi2018/test/a.csv.gz': 'timestamp,value,label\n0,1,0\n60,2,1\n',
      'nab/data/realTweets/b.csv.gz': 'timestamp,value\n2015-01-01 00:00:00,1\n2015-01-01 00:05:00,2\n',
      'nab/labels/windows.json': '{}',
      'bizitobs/l2c.csv.gz':
        'date,cycle time,SAP down\n2020-11-01 00:00:00+00:00,0.0,0\n2020-11-01 00:05:00+00:00,1.5,1\n',
      'asd/omi-1_train.csv.gz': 'i,m1\n0,1\n',
      'README.md': 'text',
    });
    const collections = await findCollections(root);
    expect(collections.map(({ name, layout, files }) => [name, layout, files.length])).toEqual([
      ['bizitobs', 'bizitobs', 1],
      ['boom', 'boom', 1],
      ['kpi2018', 'kpi2018', 2],
      ['nab', 'nab', 1],
    ]);
    const names = collections.flatMap((collection) => collection.files.flatMap((file) => collection.read(file)));
    expect(names.map((set) => set.name)).toEqual([
      'bizitobs.l2c.cycle_time',
      'ds-1-T',
      'kpi2018.test.a',
      'kpi2018.train.a',
      'nab.b',
    ]);
    const one = await findCollections(join(root, 'nab'));
    expect(one.map(({ name }) => name)).toEqual(['nab']);
  });

  it('without data, or that do not exist, are refused', async () => {
    await expect(findCollections(folderOf({ 'notes.csv': 'a,b\n1,2\n' }))).rejects.toThrow(/no data in a known layout/);
    await expect(findCollections('/does/not/exist')).rejects.toThrow(/no such folder/);
  });

  it.each([
    ['a line is short', 'timestamp,value,label\n0,1,0\n60,2\n', /a\.csv:3: 2 cells where the header has 3/],
    ['a time is none', 'timestamp,value,label\n0,1,0\nnoon,2,0\n', /a\.csv:3: "noon" is no timestamp/],
    ['there is one row', 'timestamp,value,label\n0,1,0\n', /a\.csv: fewer than two different timestamps/],
  ])('name file and line where %s', (_, text, message) => {
    const dir = folderOf({ 'a.csv': text });
    expect(() => readLabelled(join(dir, 'a.csv'), 'timestamp')).toThrow(message);
  });

  it('name file and line where a value is no number', async () => {
    const [collection] = await findCollections(folderOf({ 'ds-1-T.csv': 'v0\n1\nmany\n' }));
    expect(() => collection!.read(collection!.files[0]!)).toThrow(/ds-1-T\.csv:3: "many" is no number/);
  });
});
