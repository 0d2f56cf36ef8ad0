import type { AlarmRule } from '../../rules/alarm-rule.ts';
import { grown, RecentPeaks } from './recent-peaks.ts';

/** One scored instant, a column each; entry i belongs to slots[i]. A score of NaN is no sample and changes nothing. */
export interface AlarmStep {
  readonly timestampMs: number;
  readonly slots: readonly number[];
  readonly value: Float64Array;
  readonly expected: Float64Array;
  readonly score: Float64Array;
  /** −1, 0, 1: flagged by threshold, direction and minimum deviation. */
  readonly anomaly: Float64Array;
  /** 1 where the sample lies in a maintenance window: an open alarm ends, nothing opens, nothing is remembered. */
  readonly excluded: Uint8Array | undefined;
}

export interface AlarmHow {
  readonly rule: AlarmRule;
  readonly threshold: number;
  readonly direction: 'both' | 'above' | 'below';
}

/** `continued`: an open alarm has another hot sample. `closed`: it ended with its last hot sample. */
export interface AlarmChange {
  readonly kind: 'opened' | 'continued' | 'closed' | 'excluded';
  /** Entry of the step. */
  readonly index: number;
}

/**
 * Shapes the flags of many series into alarms that open and close, a column for each thing to remember. Depends on
 * nothing but the samples and the rule: the same samples give the same alarms.
 */
export class AlarmColumns {
  /** −1, 0, 1: side of the alarm that is open. */
  #open = new Int8Array(0);
  #startMs = new Float64Array(0);
  #lastHotMs = new Float64Array(0);
  /** End of the last alarm; −Infinity before the first. */
  #closedMs = new Float64Array(0);
  /** Samples seen. */
  #seen = new Uint32Array(0);
  /** Bits of the newest samples, the newest lowest: hot above, hot below, calm. */
  #above = new Uint32Array(0);
  #below = new Uint32Array(0);
  #calm = new Uint32Array(0);
  readonly #peaks = new RecentPeaks();
  /** Scores of the last `of` samples a slot, for rules that look at more than one; they become peaks when they leave. */
  #waiting = new Float32Array(0);
  #waitingOf = 1;
  #leastPeak = 0;

  /** Side of the open alarm of a slot: −1, 0 (none), 1. */
  side(slot: number): number {
    return this.#open[slot] ?? 0;
  }

  startMs(slot: number): number {
    return this.#startMs[slot]!;
  }

  lastHotMs(slot: number): number {
    return this.#lastHotMs[slot]!;
  }

  get bytes(): number {
    const columns = [this.#open, this.#startMs, this.#lastHotMs, this.#closedMs, this.#seen];
    const more = [this.#above, this.#below, this.#calm, this.#waiting];
    return [...columns, ...more].reduce((sum, column) => sum + column.byteLength, this.#peaks.bytes);
  }

  /** Makes a slot that of a new series. */
  clear(slot: number): void {
    this.#grow(slot + 1);
    this.#open[slot] = 0;
    this.#closedMs[slot] = Number.NEGATIVE_INFINITY;
    this.#seen[slot] = 0;
    this.#above[slot] = 0;
    this.#below[slot] = 0;
    this.#calm[slot] = 0;
    this.#peaks.clear(slot);
    this.#waiting.fill(0, slot * this.#waitingOf, (slot + 1) * this.#waitingOf);
  }

  /** Takes one instant. Answers what happened to alarms, nothing for the many series that have none. */
  observe(step: AlarmStep, how: AlarmHow): AlarmChange[] {
    const { rule, threshold } = how;
    this.#waitFor(rule.confirm.of);
    // A peak that no alarm could fail to beat need not be remembered: then most series never remember any.
    this.#leastPeak =
      rule.openingFactor === 0 ? Number.POSITIVE_INFINITY : (rule.open ?? threshold) / rule.openingFactor;
    const changes: AlarmChange[] = [];
    for (let index = 0; index < step.slots.length; index++) {
      if (!Number.isFinite(step.score[index]!)) continue;
      const kind = step.excluded?.[index] === 1 ? this.#exclude(step.slots[index]!) : this.#take(step, index, how);
      if (kind !== undefined) changes.push({ kind, index });
    }
    return changes;
  }

  #exclude(slot: number): AlarmChange['kind'] | undefined {
    if (this.#open[slot] === 0) return undefined;
    this.#open[slot] = 0;
    this.#above[slot] = 0;
    this.#below[slot] = 0;
    this.#closedMs[slot] = this.#lastHotMs[slot]!;
    return 'excluded';
  }

  #take(step: AlarmStep, index: number, { rule, threshold, direction }: AlarmHow): AlarmChange['kind'] | undefined {
    const slot = step.slots[index]!;
    const flag = step.anomaly[index]!;
    const side = flag !== 0 ? flag : step.value[index]! < step.expected[index]! ? -1 : 1;
    const isWatched = flag !== 0 || direction === 'both' || (direction === 'above') === side > 0;
    const score = isWatched ? step.score[index]! : 0;
    const isHot = flag !== 0 && score > (rule.open ?? threshold);
    const isCalm = rule.close === undefined ? !isHot : score <= rule.close;
    const seen = this.#seen[slot]! + 1;
    this.#seen[slot] = seen;
    this.#above[slot] = (this.#above[slot]! << 1) | (isHot && side > 0 ? 1 : 0);
    this.#below[slot] = (this.#below[slot]! << 1) | (isHot && side < 0 ? 1 : 0);
    this.#calm[slot] = (this.#calm[slot]! << 1) | (isCalm ? 1 : 0);

    let kind: AlarmChange['kind'] | undefined;
    if (this.#open[slot] !== 0) {
      if (!isCalm) {
        this.#lastHotMs[slot] = step.timestampMs;
        kind = 'continued';
      } else if (bitsOf(this.#calm[slot]!, rule.recovery.of) >= rule.recovery.count) {
        this.#open[slot] = 0;
        this.#closedMs[slot] = step.timestampMs;
        kind = 'closed';
      }
    } else if (isHot && this.#mayOpen(slot, { seen, score, side }, step.timestampMs, rule)) {
      this.#open[slot] = side;
      this.#startMs[slot] = step.timestampMs;
      this.#lastHotMs[slot] = step.timestampMs;
      this.#calm[slot] = 0;
      kind = 'opened';
    }
    this.#remember(slot, seen, score);
    return kind;
  }

  #mayOpen(
    slot: number,
    { seen, score, side }: { readonly seen: number; readonly score: number; readonly side: number },
    timestampMs: number,
    rule: AlarmRule,
  ): boolean {
    const { confirm, cooldownMs, openingFactor, openingWindow } = rule;
    if (timestampMs - this.#closedMs[slot]! < cooldownMs) return false;
    const hot = bitsOf(side > 0 ? this.#above[slot]! : this.#below[slot]!, confirm.of);
    if (hot < confirm.count) return false;
    if (openingFactor === 0) return true;
    let strongest = score;
    const from = slot * this.#waitingOf;
    for (let i = 0; i < confirm.of - 1; i++) strongest = Math.max(strongest, this.#waiting[from + i]!);
    return strongest > openingFactor * this.#peaks.largest(slot, seen - openingWindow - confirm.of + 1);
  }

  /** A sample is a peak to be beaten once it is older than what may confirm an alarm together with the newest. */
  #remember(slot: number, seen: number, score: number): void {
    const of = this.#waitingOf;
    if (of === 1) {
      if (score > this.#leastPeak) this.#peaks.push(slot, seen, score);
      return;
    }
    // The newest is not in the ring while it is looked at: one place less than the window of the confirmation.
    const at = slot * of + (seen % (of - 1));
    const leaving = this.#waiting[at]!;
    if (leaving > this.#leastPeak) this.#peaks.push(slot, seen - of + 1, leaving);
    this.#waiting[at] = score;
  }

  #waitFor(of: number): void {
    if (of === this.#waitingOf) return;
    this.#waitingOf = of;
    this.#waiting = new Float32Array(of === 1 ? 0 : this.#open.length * of);
  }

  #grow(slots: number): void {
    if (slots <= this.#open.length) return;
    const size = Math.max(slots, 16, Math.ceil(this.#open.length * 1.5));
    this.#open = grown(this.#open, new Int8Array(size));
    this.#startMs = grown(this.#startMs, new Float64Array(size));
    this.#lastHotMs = grown(this.#lastHotMs, new Float64Array(size));
    this.#closedMs = grown(this.#closedMs, new Float64Array(size));
    this.#seen = grown(this.#seen, new Uint32Array(size));
    this.#above = grown(this.#above, new Uint32Array(size));
    this.#below = grown(this.#below, new Uint32Array(size));
    this.#calm = grown(this.#calm, new Uint32Array(size));
    this.#peaks.grow(size);
    if (this.#waitingOf > 1) this.#waiting = grown(this.#waiting, new Float32Array(size * this.#waitingOf));
  }

  /** What a snapshot keeps of a slot; undefined when there is nothing to keep. */
  export(slot: number): AlarmMemory | undefined {
    const side = this.side(slot);
    const closedMs = this.#closedMs[slot]!;
    const peaks = this.#peaks.export(slot, this.#seen[slot]!);
    if (side === 0 && peaks.length === 0 && closedMs === Number.NEGATIVE_INFINITY) return undefined;
    return {
      ...(side !== 0 && { open: { side, startMs: this.#startMs[slot]!, lastHotMs: this.#lastHotMs[slot]! } }),
      ...(closedMs !== Number.NEGATIVE_INFINITY && { closedMs }),
      bits: [this.#above[slot]!, this.#below[slot]!, this.#calm[slot]!],
      peaks,
    };
  }

  import(slot: number, memory: AlarmMemory): void {
    this.clear(slot);
    const oldest = memory.peaks[0]?.[0] ?? 0;
    const seen = oldest + 1;
    this.#seen[slot] = seen;
    for (const [age, score] of memory.peaks) this.#peaks.push(slot, seen - age, score);
    this.#above[slot] = memory.bits[0];
    this.#below[slot] = memory.bits[1];
    this.#calm[slot] = memory.bits[2];
    if (memory.closedMs !== undefined) this.#closedMs[slot] = memory.closedMs;
    if (memory.open === undefined) return;
    this.#open[slot] = memory.open.side;
    this.#startMs[slot] = memory.open.startMs;
    this.#lastHotMs[slot] = memory.open.lastHotMs;
  }
}

/** A slot's alarm as a snapshot keeps it: ages of peaks are in samples. */
export interface AlarmMemory {
  readonly open?: { readonly side: number; readonly startMs: number; readonly lastHotMs: number };
  readonly closedMs?: number;
  readonly bits: readonly [number, number, number];
  readonly peaks: readonly (readonly [number, number])[];
}

/** Ones among the lowest `of` bits, of 32 at most. */
function bitsOf(bits: number, of: number): number {
  let rest = of >= 32 ? bits >>> 0 : bits & ((1 << of) - 1);
  let count = 0;
  for (; rest !== 0; rest &= rest - 1) count++;
  return count;
}
