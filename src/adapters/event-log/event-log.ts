import { appendFile, rename, rm, stat } from 'node:fs/promises';
import { describeError } from '../../errors.ts';
import type { AnomalyEvent, EventLog } from '../../ports/event-log.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Telemetry } from '../../telemetry/metrics.ts';
import { anomalyJson } from '../../wire/anomaly-json.ts';

/** Lines that may wait for a slow disk; some megabytes. */
const MOST_WAITING = 10_000;

export interface EventLogOptions {
  /** Path of the file; `-` is `standardOutput`. */
  readonly path: string;
  /** A file that would grow beyond it is set aside as `<path>.1` first. */
  readonly maxBytes: number;
  /** Files set aside that are kept. */
  readonly keep: number;
  readonly standardOutput: (text: string) => void;
  readonly telemetry: Pick<Telemetry, 'eventLogLines'>;
  readonly logger: Logger;
}

/** A line of JSON when an anomaly opens and one when it is over: what the API says of it, and `event`. */
export function openEventLog(options: EventLogOptions): EventLog {
  const write = options.path === '-' ? standardOutput(options) : new RotatedFile(options);
  return new JsonLines(write, options);
}

/** Where text ends up. */
interface Sink {
  append(text: string): Promise<void>;
}

function standardOutput({ standardOutput: out }: EventLogOptions): Sink {
  return {
    async append(text) {
      out(text);
    },
  };
}

class JsonLines implements EventLog {
  readonly #sink: Sink;
  readonly #options: EventLogOptions;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #isBroken = false;

  constructor(sink: Sink, options: EventLogOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  write(moment: 'opened' | 'closed', event: AnomalyEvent): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#options.telemetry.eventLogLines.inc({ outcome: 'dropped' });
      return;
    }
    this.#waiting.push(`${JSON.stringify({ event: moment, ...anomalyJson(event) })}\n`);
    this.#writing ??= this.#writeAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  /** Lines that came while the last were being written go together. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      await this.#writeLines(lines);
    }
    this.#writing = undefined;
  }

  async #writeLines(lines: readonly string[]): Promise<void> {
    const { telemetry, logger, path } = this.#options;
    try {
      await this.#sink.append(lines.join(''));
      telemetry.eventLogLines.inc({ outcome: 'success' }, lines.length);
      if (this.#isBroken) logger.log('info', 'the event log can be written again', { path });
      this.#isBroken = false;
    } catch (error) {
      telemetry.eventLogLines.inc({ outcome: 'failed' }, lines.length);
      if (!this.#isBroken)
        logger.log('error', 'the event log cannot be written; anomalies are still in the API', {
          path,
          err: describeError(error),
        });
      this.#isBroken = true;
    }
  }
}

class RotatedFile implements Sink {
  readonly #options: EventLogOptions;
  #bytes: number | undefined;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  async append(text: string): Promise<void> {
    const { path, maxBytes } = this.#options;
    const size = Buffer.byteLength(text);
    this.#bytes ??= await sizeOf(path);
    if (this.#bytes > 0 && this.#bytes + size > maxBytes) await this.#rotate();
    await appendFile(path, text, { mode: 0o640 });
    this.#bytes += size;
  }

  /** `path` becomes `path.1`, that becomes `path.2`, and the last one goes. */
  async #rotate(): Promise<void> {
    const { path, keep } = this.#options;
    const older = (n: number) => (n === 0 ? path : `${path}.${n}`);
    await rm(older(keep), { force: true });
    for (let n = keep - 1; n >= 0; n--) await renameIfThere(older(n), older(n + 1));
    this.#bytes = 0;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
