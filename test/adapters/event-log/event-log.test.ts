import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EventLogOptions, openEventLog } from '../../../src/adapters/event-log/event-log.ts';
import type { AnomalyEvent } from '../../../src/ports/event-log.ts';
import { labelsFromRecord } from '../../../src/series/labels.ts';
import { createTelemetry } from '../../../src/telemetry/metrics.ts';
import { collectingLogger } from '../../support/logger.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openanomaly-events-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function event(id: string): AnomalyEvent {
  return {
    id,
    pipeline: 'cpu',
    group: 'node',
    labels: labelsFromRecord({ instance: 'a"b' }),
    technique: 'tail',
    direction: 'below',
    startMs: Date.UTC(2026, 2, 3),
    lastMs: Date.UTC(2026, 2, 3, 1),
    ending: 'recovered',
    peak: {
      timestampMs: Date.UTC(2026, 2, 3),
      score: 2.5,
      value: 1,
      expected: 5,
      lower: 4,
      upper: Number.POSITIVE_INFINITY,
      view: 'jump',
    },
  };
}

function open(path: string, changes: Partial<EventLogOptions> = {}) {
  const telemetry = createTelemetry();
  const logger = collectingLogger();
  const output: string[] = [];
  const standardOutput = (text: string) => output.push(text);
  const log = openEventLog({ path, maxBytes: 1e6, keep: 2, standardOutput, telemetry, logger, ...changes });
  const counts = async () =>
    Object.fromEntries(
      (await telemetry.eventLogLines.get()).values.map(({ labels, value }) => [labels.outcome, value]),
    );
  return { log, lines: logger.lines, output, counts };
}

test('each line is what the API says, and when it was written', async () => {
  const path = join(dir, 'plain.jsonl');
  const { log, counts } = open(path);
  log.write('opened', event('a'));
  log.write('closed', event('b'));
  await log[Symbol.asyncDispose]();
  const lines = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ event: moment, id }) => [moment, id])).toEqual([
    ['opened', 'a'],
    ['closed', 'b'],
  ]);
  expect(lines[1]).toMatchObject({
    labels: { instance: 'a"b' },
    state: 'closed',
    start: '2026-03-03T00:00:00.000Z',
    end: '2026-03-03T01:00:00.000Z',
    ending: 'recovered',
    peak: { upper: '+Inf', score: 2.5, view: 'jump' },
  });
  expect(await counts()).toEqual({ success: 2 });
});

test('a full file is set aside, and the oldest goes', async () => {
  const folder = join(dir, 'rotated');
  await mkdir(folder);
  const path = join(folder, 'a.jsonl');
  const size = JSON.stringify({ event: 'opened' }).length + 500;
  for (let i = 0; i < 6; i++) {
    // Opened anew each time: the size of the file that is there counts.
    const { log } = open(path, { maxBytes: size });
    log.write('opened', event(`event-${i}`));
    await log[Symbol.asyncDispose]();
  }
  expect((await readdir(folder)).sort()).toEqual(['a.jsonl', 'a.jsonl.1', 'a.jsonl.2']);
  const idsOf = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')).id;
  expect(await Promise.all(['a.jsonl', 'a.jsonl.1', 'a.jsonl.2'].map(idsOf))).toEqual([
    'event-5',
    'event-4',
    'event-3',
  ]);
});

test('with no file to keep, the full one is started again', async () => {
  const folder = join(dir, 'single');
  await mkdir(folder);
  const path = join(folder, 'a.jsonl');
  for (const id of ['a', 'b']) {
    const { log } = open(path, { maxBytes: 600, keep: 0 });
    log.write('opened', event(id));
    await log[Symbol.asyncDispose]();
  }
  expect(await readdir(folder)).toEqual(['a.jsonl']);
  expect(JSON.parse(await readFile(path, 'utf8')).id).toBe('b');
});

test('"-" writes to standard output', async () => {
  const { log, output } = open('-');
  log.write('opened', event('a'));
  await log[Symbol.asyncDispose]();
  expect(JSON.parse(output.join(''))).toMatchObject({ event: 'opened', id: 'a' });
});

test('a file that cannot be written is told once and counted, and goes on when it can', async () => {
  const folder = join(dir, 'later');
  const { log, lines, counts } = open(join(folder, 'a.jsonl'));
  for (const id of ['a', 'b']) {
    log.write('opened', event(id));
    await log[Symbol.asyncDispose]();
  }
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 'error' });
  await mkdir(folder);
  log.write('opened', event('c'));
  await log[Symbol.asyncDispose]();
  expect(await counts()).toEqual({ failed: 2, success: 1 });
  expect(JSON.parse(await readFile(join(folder, 'a.jsonl'), 'utf8')).id).toBe('c');
});
