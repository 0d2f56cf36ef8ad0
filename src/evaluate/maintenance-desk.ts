import { describeError, OpenAnomalyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { StateStore } from '../ports/state-store.ts';
import { MaintenanceBook, type MaintenanceWindow } from './maintenance.ts';

const KEY = 'maintenance';

export interface MaintenanceDeskOptions {
  /** Undefined: windows are gone after a restart. */
  readonly store: StateStore | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
}

/** Makes, ends and lists maintenance windows, and keeps them over restarts: each change is stored at once. */
export class MaintenanceDesk {
  readonly #options: MaintenanceDeskOptions;
  readonly book = new MaintenanceBook();

  constructor(options: MaintenanceDeskOptions) {
    this.#options = options;
  }

  /** Rejects with `maintenance_full`. */
  async add(window: Omit<MaintenanceWindow, 'id'>): Promise<MaintenanceWindow> {
    const { clock, logger, newId } = this.#options;
    const named = { ...window, id: newId() };
    this.book.add(named, clock.nowMs());
    logger.log('info', 'maintenance window made', {
      id: named.id,
      from: new Date(named.startMs).toISOString(),
      to: new Date(named.endMs).toISOString(),
      by: named.createdBy,
    });
    await this.#save();
    return named;
  }

  /** Answers whether there was such a window. */
  async end(id: string): Promise<boolean> {
    const { clock, logger } = this.#options;
    if (!this.book.end(id, clock.nowMs())) return false;
    logger.log('info', 'maintenance window ended by request', { id });
    await this.#save();
    return true;
  }

  list(): MaintenanceWindow[] {
    return this.book.list(this.#options.clock.nowMs());
  }

  /** Takes back the windows of the last run. A broken snapshot is told and starts an empty list. */
  async restore(): Promise<void> {
    const { store, clock, logger } = this.#options;
    try {
      const bytes = await store?.load(KEY);
      if (bytes !== undefined) this.book.restore(bytes, clock.nowMs());
    } catch (error) {
      if (!(error instanceof OpenAnomalyError)) throw error;
      logger.log('warn', 'maintenance windows of the last run are lost', { err: describeError(error) });
    }
  }

  /** What cannot be stored holds all the same, until the process ends. */
  async #save(): Promise<void> {
    const { store, logger } = this.#options;
    try {
      await store?.save(KEY, this.book.encode());
    } catch (error) {
      logger.log('error', 'maintenance windows could not be stored; a restart would forget the change', {
        err: describeError(error),
      });
    }
  }
}
