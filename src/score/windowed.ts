import { type ScoreOptions, type Scorer, settleBand, setUnscored, type Technique } from './score.ts';
import { SortedWindows } from './sorted-window.ts';

/** Half-widths that are told apart, when a series that stood still moves. */
const MOST_WIDTHS = 1e9;

/** Band of the next sample from the last ones in ascending order, and what lies in its middle. */
export interface WindowBand {
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * A technique that looks at the last samples of a series, as an unordered window. A score is the distance from the
 * expected value in half-widths of the band on that side. Samples join the window after they are scored, flagged or not:
 * what is robust against half of them being wrong needs no protection.
 */
export function windowedTechnique(
  name: string,
  bandsFor: (confidenceLevel: number) => (sorted: Float64Array) => WindowBand,
): Technique {
  return {
    name,
    needs: { forecast: false, context: false },
    views: [name],
    warmUpMs: 6 * 3_600_000,
    create: () => windowedScorer(bandsFor),
  };
}

function windowedScorer(bandsFor: (confidenceLevel: number) => (sorted: Float64Array) => WindowBand): Scorer {
  const windows = new SortedWindows();
  return {
    get bytes() {
      return windows.bytes;
    },
    add: (slot) => windows.add(slot),
    remove() {},
    isWarm: (slot) => windows.isWarm(slot),
    learn: (slot, run) => windows.learn(slot, run),
    score(columns, { slots }, options: ScoreOptions) {
      const bandOf = bandsFor(options.confidenceLevel);
      columns.view.fill(0);
      for (let i = 0; i < columns.count; i++) {
        const slot = slots[i]!;
        const value = columns.value[i]!;
        if (!Number.isFinite(value) || !windows.isWarm(slot)) setUnscored(columns, i);
        else {
          const band = bandOf(windows.sorted(slot));
          settleBand(columns, i, { ...band, raw: distanceIn(band, value) }, options);
        }
        windows.push(slot, value);
      }
    },
    exportSlot: (slot) => windows.exportSlot(slot),
    importSlot: (slot, memory) => windows.importSlot(slot, memory),
  };
}

/** In half-widths of the band; where it has none, as many as are told apart. */
function distanceIn({ expected, lower, upper }: WindowBand, value: number): number {
  if (value === expected) return 0;
  const ratio = value > expected ? (value - expected) / (upper - expected) : (expected - value) / (expected - lower);
  return Math.min(ratio, MOST_WIDTHS);
}
