import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileConfigStore } from '../../src/adapters/config-store/files.ts';
import { parseDaySpan } from '../../src/forecast/calendar/days.ts';
import { parseRules } from '../../src/rules/parse.ts';
import { nullLogger } from '../support/logger.ts';

const ICS = 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261003\nEND:VEVENT\nEND:VCALENDAR\n';
const rules = (holidays: string, rest = '', engine = 'calendar') =>
  `groups:\n  - name: g\n    pipelines:\n      - name: a\n        query: up\n        model: {id: ${engine}}\n        holidays: ${holidays}\n${rest}`;

test('dates and calendars of a pipeline become its days', () => {
  const text = rules("{dates: ['2026-12-25', 2026-12-24..2026-12-26], files: [de.ics], like: saturday}");
  const { groups, problems } = parseRules(text, 'r.yaml', { readBeside: () => ICS });
  expect(problems).toEqual([]);
  expect(groups[0]!.pipelines[0]!.holidays).toEqual({
    days: ['2026-12-25', '2026-12-24..2026-12-26', '2026-10-03'].map(parseDaySpan),
    like: 'saturday',
  });
});

test('a group gives its holidays to the pipelines that have none', () => {
  const text = rules('{dates: [2026-05-01]}', '      - {name: b, query: up}\n    holidays: {dates: [2026-01-01]}\n');
  const { groups, problems } = parseRules(text, 'r.yaml');
  expect(problems).toEqual([]);
  expect(groups[0]!.pipelines.map(({ holidays }) => holidays.days)).toEqual([
    [parseDaySpan('2026-05-01')],
    [parseDaySpan('2026-01-01')],
  ]);
});

test.each([
  ['{dates: [christmas]}', '7:28', '"christmas" is no date'],
  ['{dates: [2026-01-01, 2026-13-01]}', '7:40', '"2026-13-01" is no date'],
  ['{files: [de.ics]}', '7:28', 'de.ics cannot be read: ENOENT'],
  ['{files: [bad.ics]}', '7:28', 'bad.ics:1:1: this is no iCalendar file'],
  ['{like: someday}', '7:26', 'must be one of monday'],
])('%s is refused at its place', (holidays, place, message) => {
  const readBeside = (file: string) => {
    if (file === 'bad.ics') return 'x';
    throw new Error('ENOENT');
  };
  const { problems } = parseRules(rules(holidays), 'r.yaml', { readBeside });
  expect(problems.map(({ line, column }) => `${line}:${column}`)).toEqual([place]);
  expect(problems[0]).toMatchObject({ severity: 'error', message: expect.stringContaining(message) });
});

test('holidays that no engine looks at are told', () => {
  const { problems } = parseRules(rules('{dates: [2026-05-01]}', '', 'ets'), 'r.yaml');
  expect(problems).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('only the engine calendar') },
  ]);
});

test('a calendar lies beside its rule file, and a change of it is told', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'openanomaly-holidays-'));
  writeFileSync(join(dir, 'r.yaml'), rules('{files: [de.ics]}'));
  writeFileSync(join(dir, 'de.ics'), ICS);
  const store = openFileConfigStore({
    patterns: [join(dir, '*.yaml')],
    datasources: ['default'],
    logger: nullLogger,
    pollMs: 20,
  });
  try {
    const { groups, problems } = await store.load();
    expect(problems).toEqual([]);
    expect(groups.groups[0]!.pipelines[0]!.holidays.days).toEqual([parseDaySpan('2026-10-03')]);
    const changed = new Promise<void>((resolve) => store.watch(resolve));
    writeFileSync(join(dir, 'de.ics'), ICS.replace('20261003', '20261004'));
    await changed;
    const reloaded = await store.load();
    expect(reloaded.groups.groups[0]!.pipelines[0]!.holidays.days).toEqual([parseDaySpan('2026-10-04')]);
  } finally {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  }
});
