import { describeError, OpenAnomalyError } from '../errors.ts';
import type { Logger } from '../ports/logger.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { EventBook } from './event-book.ts';
import { decodeEvents, encodeEvents } from './event-snapshot.ts';

const KEY = 'anomalies';

/** Never rejects: what cannot be stored is told, and the next save tries again. */
export async function saveEvents(book: EventBook, store: StateStore, logger: Logger): Promise<void> {
  try {
    await store.save(KEY, encodeEvents(book.all()));
  } catch (error) {
    logger.log('error', 'anomalies could not be stored', { err: describeError(error) });
  }
}

/** Takes back the anomalies of the last run. A broken snapshot is told and starts an empty book. */
export async function restoreEvents(book: EventBook, store: StateStore, logger: Logger): Promise<void> {
  try {
    const bytes = await store.load(KEY);
    if (bytes !== undefined) book.restore(decodeEvents(bytes));
  } catch (error) {
    if (!(error instanceof OpenAnomalyError)) throw error;
    logger.log('warn', 'anomalies of the last run are not listed', { err: describeError(error) });
  }
}
