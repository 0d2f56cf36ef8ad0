import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/adapters/logger.ts';
import type { LogFields, LogLevel } from '../../src/ports/logger.ts';
import { FakeClock } from '../support/clock.ts';

function open(format: 'logfmt' | 'json', level: LogLevel = 'info') {
  const lines: string[] = [];
  const clock = new FakeClock(Date.UTC(2026, 10, 23, 22, 14, 34, 56));
  return { lines, logger: createLogger({ level, format, clock, write: (line) => void lines.push(line) }) };
}

function logfmt(message: string, fields?: LogFields): string {
  const { lines, logger } = open('logfmt');
  logger.log('info', message, fields);
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

describe('logfmt', () => {
  const head = 'time=2026-11-23T22:14:34.056Z level=info';
  const rows: { name: string; message: string; fields?: LogFields; rest: string }[] = [
    { name: 'one word', message: 'started', rest: 'msg=started' },
    { name: 'blanks', message: 'is ready', rest: 'msg="is ready"' },
    { name: 'nothing', message: '', rest: 'msg=""' },
    { name: 'quotes and backslashes', message: 'a "b" \\', rest: 'msg="a \\"b\\" \\\\"' },
    { name: 'an equals sign', message: 'a=b', rest: 'msg="a=b"' },
    { name: 'line feeds', message: 'a\nb\r\tc', rest: 'msg="a\\nb\\r\\tc"' },
    { name: 'terminal escapes', message: 'a\u001b[31m\u009bb', rest: 'msg="a\\u001b[31m\\u009bb"' },
    { name: 'other letters', message: 'größe', rest: 'msg=größe' },
    { name: 'half a surrogate pair', message: 'a\ud800', rest: 'msg="a\\ud800"' },
    { name: 'a line separator', message: 'a\u2028b', rest: 'msg="a\\u2028b"' },
    {
      name: 'numbers and truth values',
      message: 'x',
      fields: { n: 1.5, nan: Number.NaN, b: false },
      rest: 'msg=x n=1.5 nan=NaN b=false',
    },
    { name: 'undefined fields', message: 'x', fields: { a: undefined, b: 1 }, rest: 'msg=x b=1' },
    { name: 'keys that are none', message: 'x', fields: { 'a b="': 1 }, rest: 'msg=x a_b__=1' },
    {
      name: 'fields called like the head',
      message: 'x',
      fields: { level: 9, msg: 'y' },
      rest: 'msg=x level_=9 msg_=y',
    },
  ];
  it.each(rows)('writes $name', ({ message, fields, rest }) => {
    expect(logfmt(message, fields)).toBe(`${head} ${rest}\n`);
  });
});

describe('json', () => {
  it('writes one object a line and keeps what JSON has no number for', () => {
    const { lines, logger } = open('json');
    logger.log('warn', 'a "b"\n', { n: 1, inf: Number.POSITIVE_INFINITY, b: true, none: undefined });
    expect(lines[0]).toMatch(/^[^\n]*\n$/);
    expect(Object.entries(JSON.parse(lines[0]!))).toEqual([
      ['time', '2026-11-23T22:14:34.056Z'],
      ['level', 'warn'],
      ['msg', 'a "b"\n'],
      ['n', 1],
      ['inf', 'Infinity'],
      ['b', true],
    ]);
  });
});

describe('levels and children', () => {
  it('writes nothing below its level', () => {
    const { lines, logger } = open('logfmt', 'warn');
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger.child({ component: 'x' }).log(level, level);
    expect(lines.map((line) => /level=(\w+)/.exec(line)?.[1])).toEqual(['warn', 'error']);
  });

  it('puts inherited fields before those of the line, which win', () => {
    const { lines, logger } = open('logfmt');
    logger
      .child({ component: 'a', pipeline: 'p' })
      .child({ component: 'b' })
      .log('info', 'x', { pipeline: 'q', err: 'no' });
    expect(lines[0]).toContain(' msg=x component=b pipeline=q err=no\n');
  });
});
