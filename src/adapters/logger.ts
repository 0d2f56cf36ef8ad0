import type { Clock } from '../ports/clock.ts';
import type { LogFields, Logger, LogLevel } from '../ports/logger.ts';

export interface LoggerOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  readonly format: 'logfmt' | 'json';
  /** Takes one line with its line feed. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

type Pairs = readonly (readonly [string, string | number | boolean])[];

/**
 * Lines as Prometheus and its exporters write them: time, level, msg, then the fields, inherited ones first; a field
 * that is undefined is left out. What goes into fields is written as it is: secrets are for the caller to keep out.
 */
export function createLogger(options: LoggerOptions): Logger {
  return childLogger(options, {});
}

function childLogger(options: LoggerOptions, inherited: LogFields): Logger {
  const { level: least, format, write, clock } = options;
  return {
    log(level, message, fields) {
      if (RANK[level] < RANK[least]) return;
      const time = new Date(clock.nowMs()).toISOString();
      const pairs = definedPairs({ ...inherited, ...fields });
      const head: Pairs = [
        ['time', time],
        ['level', level],
        ['msg', message],
      ];
      write(format === 'json' ? jsonLine([...head, ...pairs]) : logfmtLine([...head, ...pairs]));
    },
    child: (fields) => childLogger(options, { ...inherited, ...fields }),
  };
}

/** Fields that have a value. One that is called like a key of the head gets an underscore: no line has a key twice. */
function definedPairs(fields: LogFields): Pairs {
  const pairs: [string, string | number | boolean][] = [];
  for (const [key, value] of Object.entries(fields))
    if (value !== undefined) pairs.push([/^(time|level|msg)$/.test(key) ? `${key}_` : key, value]);
  return pairs;
}

function logfmtLine(pairs: Pairs): string {
  return `${pairs.map(([key, value]) => `${logfmtKey(key)}=${logfmtValue(value)}`).join(' ')}\n`;
}

/** A key ends at a blank or an equals sign, and cannot be quoted. */
function logfmtKey(key: string): string {
  return key.replace(/[\s="\p{Cc}]/gu, '_');
}

function logfmtValue(value: string | number | boolean): string {
  const text = String(value);
  // Control characters, line separators and halves of surrogate pairs would break the line or the terminal.
  if (text !== '' && !/[\s="\\\p{Cc}\p{Cs}\u2028\u2029\uFFFD]/u.test(text)) return text;
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, escapeUnit);
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** JSON has no infinities and no NaN: they are written as text rather than lost as null. */
function jsonLine(pairs: Pairs): string {
  const entries = pairs.map(
    ([key, value]) => [key, typeof value === 'number' && !Number.isFinite(value) ? String(value) : value] as const,
  );
  return `${JSON.stringify(Object.fromEntries(entries))}\n`;
}
