import { filterColumns, sliceColumns } from '../../../wire/remote-write/columns.ts';
import type { RemoteColumns } from './remote-series.ts';

/** Requests that one refused batch may cost beyond its own. Enough to find one bad sample among 2,000 three times. */
const EXTRA_REQUESTS = 64;

/**
 * The parts of a batch still to be sent. A part that is refused is halved, the widest first, so that whatever is left
 * when the requests run out is as small as it can be. Series that were refused before are set apart at once.
 */
export class Bisection {
  readonly #parts: RemoteColumns[];
  #extraRequests = EXTRA_REQUESTS;

  constructor(batch: RemoteColumns) {
    this.#parts = [batch];
  }

  /** The next part, until none is left. */
  next(): RemoteColumns | undefined {
    return this.#parts.shift();
  }

  /** Parts that were not given out yet. */
  rest(): readonly RemoteColumns[] {
    return this.#parts;
  }

  /** Halves a refused part; false when it is not to be sent again. */
  split(part: RemoteColumns): boolean {
    if (part.series.length < 2 || this.#extraRequests < 2) return false;
    this.#extraRequests -= 2;
    this.#parts.push(...halves(part));
    return true;
  }
}

function halves(part: RemoteColumns): [RemoteColumns, RemoteColumns] {
  const suspects = part.series.filter((series) => series.isSuspect).length;
  if (suspects > 0 && suspects < part.series.length)
    return [
      filterColumns(part, (i) => !part.series[i]!.isSuspect),
      filterColumns(part, (i) => part.series[i]!.isSuspect),
    ];
  const middle = Math.ceil(part.series.length / 2);
  return [sliceColumns(part, 0, middle), sliceColumns(part, middle, part.series.length)];
}
