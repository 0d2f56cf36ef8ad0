import type { LogFields, Logger, LogLevel } from '../../src/ports/logger.ts';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export const nullLogger: Logger = {
  log() {},
  child: () => nullLogger,
};

/** Keeps every line; lines of children land in the same list, with the fields of both. */
export function collectingLogger(
  lines: LogLine[] = [],
  inherited: LogFields = {},
): Logger & { readonly lines: LogLine[] } {
  return {
    lines,
    log: (level, message, fields) => void lines.push({ level, message, fields: { ...inherited, ...fields } }),
    child: (fields) => collectingLogger(lines, { ...inherited, ...fields }),
  };
}
