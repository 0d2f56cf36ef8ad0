import { appendFile, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCsv } from '../../../../src/adapters/tsdb/csv/client.ts';
import type { RangeQuery } from '../../../../src/ports/tsdb-client.ts';
import { labelsToRecord } from '../../../../src/series/labels.ts';
import type { CsvDatasourceSettings } from '../../../../src/settings/settings.ts';
import { piecesOf, tsdbClientContract } from '../../../contract/tsdb-client.ts';
import { FakeClock } from '../../../support/clock.ts';
import { collectingLogger, nullLogger } from '../../../support/logger.ts';

const START_MS = Date.UTC(2026, 10, 20);
const START_S = START_MS / 1000;
const MINUTE_MS = 60_000;
const NaNs = Number.NaN;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openanomaly-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes lines to a new file of the test's folder; gzipped when the name says so. */
async function fileOf(name: string, lines: readonly string[], end = '\n'): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  const text = lines.map((line) => line + end).join('');
  await writeFile(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

function settingsOf(path: string, more: Partial<CsvDatasourceSettings> = {}): CsvDatasourceSettings {
  return { type: 'csv', path, timestampColumn: 'timestamp', valueColumns: undefined, labelColumns: [], ...more };
}

function open(path: string, more: Partial<CsvDatasourceSettings> = {}, logger = nullLogger) {
  return openCsv({ settings: settingsOf(path, more), logger, clock: new FakeClock(START_MS) });
}

function minutes(query: string, steps: number, startMs = START_MS): RangeQuery {
  const endMs = startMs + (steps - 1) * MINUTE_MS;
  return { query, startMs, endMs, stepMs: MINUTE_MS, limit: 0, timeoutMs: 60_000 };
}

/** What a small read answers: labels without the name, and values. */
async function answerOf(client: ReturnType<typeof open>, query: RangeQuery) {
  const [piece, ...others] = await piecesOf(client, query);
  expect(others).toEqual([]);
  const { labels, grid, values } = piece!.block;
  return labels.map((one, s) => ({
    ...labelsToRecord(one),
    values: [...values.subarray(s * grid.steps, (s + 1) * grid.steps)],
  }));
}

const row = (minute: number, ...fields: (string | number)[]) => [START_S + minute * 60, ...fields].join(',');

describe('the CSV source', () => {
  tsdbClientContract(async () => {
    const path = await fileOf('contract/shop.csv.gz', [
      'timestamp,host,busy,free',
      row(0, 'a', 1, 10),
      row(0, 'b', 2, 20),
      row(1, 'a', 1.5, ''),
      row(2, 'a', 'NaN', 12),
      row(2, 'b', -3e2, 22),
      row(4, 'a', 5, 14),
    ]);
    const series = (host: string, values: number[]) => ({ labels: { __name__: 'busy', file: 'shop', host }, values });
    return {
      client: open(path, { labelColumns: ['host'] }),
      query: 'busy{file="shop"}',
      startMs: START_MS,
      stepMs: MINUTE_MS,
      steps: 6,
      expected: [series('a', [1, 1.5, NaNs, NaNs, 5, NaNs]), series('b', [2, NaNs, -300, NaNs, NaNs, NaNs])],
      emptyQuery: 'busy{host="c"}',
      async [Symbol.asyncDispose]() {},
    };
  });

  it('puts a sample on the first instant at or after it, the newest where several meet, and repeats none', async () => {
    const path = await fileOf('grid.csv', [
      'timestamp,load',
      `${START_S - 60},1`,
      `${START_S - 59.999},2`,
      `${START_S + 1},3`,
      `${START_S + 59},4`,
      `${START_S + 180},5`,
      `${START_S + 180.001},6`,
    ]);
    expect(await answerOf(open(path), minutes('load', 5))).toEqual([
      { __name__: 'load', file: 'grid', values: [2, 4, NaNs, 5, 6] },
    ]);
  });

  it('names series after their columns, and after the file where the column is called value', async () => {
    await fileOf('names/eu/latency-p95.csv', ['timestamp,value', row(0, 1)]);
    await fileOf('names/us/latency-p95.csv', ['timestamp,value', row(0, 2)]);
    await fileOf('names/us/7days.csv.gz', ['timestamp,CPU busy (%)', row(0, 3)]);
    await fileOf('names/notes.txt', ['nothing']);
    const client = open(join(folder, 'names'));
    expect(await answerOf(client, minutes('{file=~".+"}', 1))).toEqual([
      { __name__: 'latency_p95', file: 'eu/latency-p95', values: [1] },
      { __name__: 'CPU_busy____', file: 'us/7days', values: [3] },
      { __name__: 'latency_p95', file: 'us/latency-p95', values: [2] },
    ]);
    expect(await answerOf(client, minutes('latency_p95{file=~"us/.*"}', 1))).toHaveLength(1);
  });

  it.each([
    ['**/*.csv', ['east/a', 'east/deep/c', 'west/b']],
    ['east/*.csv', ['a']],
    ['{east,west}/?.csv', ['east/a', 'west/b']],
    ['*/[!a].csv', ['west/b']],
    ['**/deep/*', ['east/deep/c']],
  ])('reads the files that %s matches', async (pattern, names) => {
    const files = ['east/a', 'east/deep/c', 'west/b'];
    for (const name of files) await fileOf(`globs/${name}.csv`, ['timestamp,value', row(0, 1)]);
    await fileOf('globs/west/b.csv.bak', ['broken']);
    const answer = await answerOf(open(join(folder, 'globs', pattern)), minutes('{file=~".+"}', 1));
    expect(answer).toEqual(names.map((file) => expect.objectContaining({ file, values: [1] })));
  });

  it('reads a folder as a ConfigMap mounts it, and whatever its name, each file once', async () => {
    const kept = await fileOf('mounted [1]/..2026_11_20/load.csv', ['timestamp,value', row(0, 1)]);
    await symlink('..2026_11_20', join(folder, 'mounted [1]', '..data'));
    await symlink(join('..data', 'load.csv'), join(folder, 'mounted [1]', 'load.csv'));
    expect(await answerOf(open(join(folder, 'mounted [1]')), minutes('{file=~".+"}', 1))).toEqual([
      { __name__: 'load', file: 'load', values: [1] },
    ]);
    expect(await answerOf(open(kept), minutes('load', 1))).toHaveLength(1);
  });

  it('chooses value columns when told, and takes the rest of the row as it is', async () => {
    const path = await fileOf('chosen.csv', ['when;load;note', `${START_S};7;a word`]);
    const client = open(path, { timestampColumn: 'when', valueColumns: ['load'] });
    expect(await answerOf(client, minutes('{file="chosen"}', 1))).toEqual([
      { __name__: 'load', file: 'chosen', values: [7] },
    ]);
  });

  it('keeps order out of chaos: the last of a timestamp wins, and the operator is told once', async () => {
    const logger = collectingLogger();
    const path = await fileOf('chaos.csv', [
      'timestamp,load',
      row(3, 30),
      row(1, 10),
      row(1, 11),
      row(2, 20),
      row(3, 31),
      row(0, 0),
    ]);
    const client = open(path, {}, logger);
    for (let i = 0; i < 2; i++) {
      const [series] = await answerOf(client, minutes('load', 4));
      expect(series!.values).toEqual([0, 11, 20, 31]);
    }
    expect(logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ series: 1, backward: 2, replaced: 2 }),
    ]);
  });

  it('says how it read the timestamps', async () => {
    const logger = collectingLogger();
    await fileOf('formats/a.csv', ['timestamp,load', `${START_MS},1`]);
    await fileOf('formats/b.csv', ['timestamp,load', '2026-11-20 00:00:00,2']);
    const answer = await answerOf(open(join(folder, 'formats'), {}, logger), minutes('load', 1));
    expect(answer.map(({ values }) => values)).toEqual([[1], [2]]);
    expect(logger.lines.find(({ level }) => level === 'info')?.fields).toMatchObject({
      files: 2,
      series: 2,
      rows: 2,
      timestamps: 'milliseconds since 1970; ISO 8601 without an offset, taken as UTC',
    });
  });

  it.each([
    ['a column that is not there', ['time,load', '1,2'], ':1: there is no column "timestamp"; set timestamp_column to'],
    ['a repeated column', ['timestamp,a,a', '1,2,3'], ':1: two columns are called "a"'],
    ['no column for values', ['timestamp', '1'], ':1: no column is left for values'],
    ['an empty file', [], ':1: the file is empty'],
    ['a short row', ['timestamp,load', '', '1,2', '3'], ':4: the row has 1 fields where the header has 2'],
    ['a word for a value', ['timestamp,load', '1,2', '2,high'], ':3: "high" in column "load" is no number'],
    ['a word for a time', ['timestamp,load', 'soon,2'], ':2: "soon" is no timestamp'],
    ['a date that does not exist', ['timestamp,load', '2026-02-30,2'], ':2: "2026-02-30" is no timestamp'],
    ['a change of format', ['timestamp,load', '1,2', '2026-11-20,2'], ':3: the timestamp "2026-11-20" is not written'],
    ['an open quote', ['timestamp,load', '1,"2', '3,4'], ':2: the row does not end'],
  ])('refuses %s, with file and line', async (name, lines, message) => {
    const path = await fileOf(`bad/${name}.csv`, lines);
    await expect(piecesOf(open(path), minutes('load', 1))).rejects.toMatchObject({
      code: 'csv_malformed',
      message: expect.stringContaining(path + message),
    });
  });

  it('refuses an archive that was cut off', async () => {
    const whole = gzipSync(`timestamp,load\n${'1,2\n'.repeat(5000)}`);
    const path = await fileOf('cut.csv.gz', []);
    await writeFile(path, whole.subarray(0, whole.length - 12));
    await expect(piecesOf(open(path), minutes('load', 1))).rejects.toMatchObject({
      code: 'csv_malformed',
      message: expect.stringContaining('damaged or cut off'),
    });
  });

  it.each(['absent.csv', 'absent/*.csv', 'names/*.tsv'])('says that %s is not there', async (name) => {
    await expect(piecesOf(open(join(folder, name)), minutes('load', 1))).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringContaining(join(folder, name.split('/')[0]!)),
    });
  });

  it('reads a file again when it grew, and after it was mended', async () => {
    const path = await fileOf('growing.csv', ['timestamp,load', row(0, 1), row(1, 'x')]);
    const client = open(path);
    await expect(answerOf(client, minutes('load', 3))).rejects.toMatchObject({ code: 'csv_malformed' });
    await fileOf('growing.csv', ['timestamp,load', row(0, 1)]);
    expect((await answerOf(client, minutes('load', 3)))[0]!.values).toEqual([1, NaNs, NaNs]);
    await appendFile(path, `${row(2, 3)}\n`);
    expect((await answerOf(client, minutes('load', 3)))[0]!.values).toEqual([1, NaNs, 3]);
    // The same size, told apart by its time alone.
    await fileOf('growing.csv', ['timestamp,load', row(0, 1), row(2, 9)]);
    await utimes(path, START_S, START_S);
    expect((await answerOf(client, minutes('load', 3)))[0]!.values).toEqual([1, NaNs, 9]);
  });

  it('tells its progress in bytes of the files', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => row(i, (i * 7919) % 1000));
    const paths = [
      await fileOf('large/a.csv', ['timestamp,load', ...lines]),
      await fileOf('large/b.csv.gz', ['timestamp,load', ...lines]),
    ];
    const reports: [number, number][] = [];
    const client = openCsv({
      settings: settingsOf(dirname(paths[0]!)),
      logger: nullLogger,
      clock: new FakeClock(START_MS),
      progress: (read, total) => reports.push([read, total]),
    });
    const pieces = await piecesOf(client, minutes('load', 20_000));
    expect(pieces.reduce((sum, { samples }) => sum + samples, 0)).toBe(40_000);
    const [read, total] = reports.at(-1)!;
    expect(read).toBe(total);
    expect(reports.length).toBeGreaterThan(5);
    expect(reports.every(([bytes], i) => i === 0 || bytes >= reports[i - 1]![0])).toBe(true);
  });

  it('lets one reader go without losing the work of the others', async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => row(i, i));
    const client = open(await fileOf('shared.csv', ['timestamp,load', ...lines]));
    const leaver = new AbortController();
    const left = piecesOf(client, minutes('load', 3), leaver.signal);
    const stays = piecesOf(client, minutes('load', 3));
    leaver.abort(new Error('enough'));
    await expect(left).rejects.toThrow('enough');
    expect((await stays)[0]!.samples).toBe(3);
  });

  it('gives up a read at its deadline, and the read of the files when it is closed', async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => row(i, i));
    const client = open(await fileOf('slow.csv', ['timestamp,load', ...lines]));
    await expect(piecesOf(client, { ...minutes('load', 3), timeoutMs: 1 })).rejects.toMatchObject({
      code: 'datasource_timeout',
      retryable: true,
    });
    const waiting = expect(piecesOf(client, minutes('load', 3))).rejects.toMatchObject({ code: 'shutting_down' });
    await client[Symbol.asyncDispose]();
    await waiting;
  });

  it('refuses what is no plain selector', async () => {
    const path = await fileOf('plain.csv', ['timestamp,load', row(0, 1)]);
    await expect(piecesOf(open(path), minutes('rate(load[5m])', 1))).rejects.toMatchObject({
      code: 'query_rejected',
      message: expect.stringMatching(/the CSV source understands plain selectors only.*rate\(load\[5m\]\)/),
    });
  });
});
