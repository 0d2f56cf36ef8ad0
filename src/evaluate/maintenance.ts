import { OpenAnomalyError } from '../errors.ts';
import type { Labels } from '../series/labels.ts';
import { compileMatchers, formatMatchers, type LabelMatcher, parseMatchers } from '../series/matcher.ts';

/** A time in which samples of some series raise nothing. Empty lists take everything. */
export interface MaintenanceWindow {
  readonly id: string;
  readonly pipelines: readonly string[];
  readonly groups: readonly string[];
  readonly matchers: readonly LabelMatcher[];
  readonly startMs: number;
  /** Not part of the window. */
  readonly endMs: number;
  readonly comment: string;
  readonly createdBy: string;
}

/** What is over stays in the list for a week: samples read late still fall into it, and people ask. */
const KEEP_MS = 7 * 86_400_000;
/** More than a person makes; a script that forgets to end its windows is told. */
const MOST_WINDOWS = 1000;
const VERSION = 1;

/** The maintenance windows of the process. */
export class MaintenanceBook {
  readonly #windows = new Map<
    string,
    { readonly window: MaintenanceWindow; readonly matches: (labels: Labels) => boolean }
  >();

  /** Throws `maintenance_full` when there are too many. */
  add(window: MaintenanceWindow, nowMs: number): void {
    this.#forgetOld(nowMs);
    if (this.#windows.size >= MOST_WINDOWS && !this.#windows.has(window.id))
      throw new OpenAnomalyError(
        'maintenance_full',
        `there are ${MOST_WINDOWS} maintenance windows already; delete some, or make few that hold longer`,
      );
    this.#windows.set(window.id, { window, matches: compileMatchers(window.matchers) });
  }

  /** Ends a window: one that has begun ends now, one that has not is forgotten. Answers whether there was one. */
  end(id: string, nowMs: number): boolean {
    const known = this.#windows.get(id);
    if (known === undefined) return false;
    const { window } = known;
    if (window.startMs >= nowMs) this.#windows.delete(id);
    else if (window.endMs > nowMs) this.#windows.set(id, { ...known, window: { ...window, endMs: nowMs } });
    return true;
  }

  /** Those that are not over first, then by their start. */
  list(nowMs: number): MaintenanceWindow[] {
    this.#forgetOld(nowMs);
    const isOver = ({ endMs }: MaintenanceWindow) => (endMs <= nowMs ? 1 : 0);
    return [...this.#windows.values()]
      .map(({ window }) => window)
      .sort((a, b) => isOver(a) - isOver(b) || a.startMs - b.startMs || (a.id < b.id ? -1 : 1));
  }

  /** A test of series for one instant of a pipeline; undefined when no window concerns it. */
  at(timeMs: number, { name, group }: { readonly name: string; readonly group: string }) {
    const active = [...this.#windows.values()].filter(
      ({ window }) =>
        timeMs >= window.startMs &&
        timeMs < window.endMs &&
        (window.pipelines.length === 0 || window.pipelines.includes(name)) &&
        (window.groups.length === 0 || window.groups.includes(group)),
    );
    if (active.length === 0) return undefined;
    return (labels: Labels): boolean => active.some(({ matches }) => matches(labels));
  }

  *encode(): Iterable<Uint8Array> {
    const windows = [...this.#windows.values()].map(({ window }) => ({
      ...window,
      matchers: formatMatchers(window.matchers),
    }));
    yield new TextEncoder().encode(JSON.stringify({ version: VERSION, windows }));
  }

  /** Takes back what `encode` gave. Throws `snapshot_broken`. */
  restore(bytes: Uint8Array, nowMs: number): void {
    try {
      const read = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      if (read.version !== VERSION) return;
      for (const { matchers, ...window } of read.windows)
        this.add({ ...window, matchers: parseMatchers(matchers) }, nowMs);
    } catch (cause) {
      throw new OpenAnomalyError('snapshot_broken', 'the snapshot of maintenance windows cannot be read', { cause });
    }
  }

  #forgetOld(nowMs: number): void {
    for (const [id, { window }] of this.#windows) if (window.endMs < nowMs - KEEP_MS) this.#windows.delete(id);
  }
}
