/**
 * Every number of the technique, once. Chosen on labelled series across folds; docs/detection.md has the table of what
 * each is worth. Quiet nights end where these are tuned by hand on a single series.
 */

/** −log10 of the rarity at which a sample lies on the band's edge, at a confidence level of 0.99. */
export const EDGE = 2.65;
/** What a view's rarity counts for. The forecast's: the distance from what was forecast, where a forecast was made. */
export const SPIKE_WEIGHT = 1;
export const JUMP_WEIGHT = 1;
export const SHIFT_WEIGHT = 0.85;
export const FORECAST_WEIGHT = 0.5;

/** What the rarity of leaving the range of a week counts for, beside that of the others joined. */
export const RANGE_WEIGHT = 0.9;

/** The share of samples that counts as the tail. */
export const TAIL_SHARE = 0.04;
/** Step of the tracked tail start, in logarithms. */
export const START_STEP = 0.03;
/** Step while a view is young: half over the samples seen in that tail, but at most this. */
export const MOST_START_STEP = 0.5;
/** Excesses that the tail index remembers. */
export const INDEX_MEMORY = 400;
/** An excess is learnt as this many times the index at most: one incident must not make incidents usual. */
export const MOST_EXCESS = 20;
/** What is thought of a tail before it is seen, and the excesses that opinion weighs. */
export const FIRST_INDEX = 0.4;
export const FIRST_INDEX_WEIGHT = 30;
export const LEAST_INDEX = 0.05;
/** What the first move of a series that stood still may be without being large, as a share of where it stood. */
export const FIRST_MOVE = 1;

/** Samples whose deviations are averaged plainly before anything else is learnt. */
export const SCALE_SAMPLES = 30;
/** Samples after them that give the tail its start: at most a day, at least `LEAST_WARM_SAMPLES`. */
export const WARM_SAMPLES = 50;
export const LEAST_WARM_SAMPLES = 24;
/** Half-life of the scale. */
export const SCALE_HALF_LIFE_DAYS = 7;
/** A deviation is learnt as this many scales at most. */
export const MOST_SCALES = 5;

/** Slots of the day: half an hour each, or a step where that is longer. */
export const SLOTS_PER_DAY = 48;
/** Share in the scale of what this time of day is used to beyond `USUAL_EVERYWHERE` times what any time is. */
export const SLOT_SHARE = 1;
export const USUAL_EVERYWHERE = 4;
/** Weight of the newest day in a time slot's usual maximum. */
export const SLOT_RATE = 0.1;
/** A maximum is learnt as this many times the old one, or this many times `SLOT_FLOOR` scales, at most. */
export const MOST_SLOT_GROWTH = 5;
export const SLOT_FLOOR = 4;

/** Added to a rare sample's −log10 a decade of step length beyond a minute: fewer samples a day, fewer chances to be wrong. */
export const STEP_WEIGHT = 0.7;
/** Samples after which a series counts for half of what it will. */
export const YOUTH = 80;

/** Half-life of the level in samples, and what a sample may move it, in deviations. */
export const LEVEL_HALF_LIFE = 20;
export const MOST_LEVEL_MOVE = 3;
export const MOST_LEVEL_DEVIATION = 6;
export const PLAIN_LEVEL_SAMPLES = 8;
/** Samples before the level is one. */
export const LEVEL_SAMPLES = 12;
/** Missing samples in a row after which what was before says nothing about what comes. */
export const LONGEST_GAP = 30;

/** Days whose extremes are the range of a series, all days of a week among them. Until it has seen them it has none. */
export const RANGE_DAYS = 7;
/** What is thought of how far a series goes beyond its range, the slots of the day that opinion weighs, and those remembered. */
export const RANGE_INDEX = 0.1;
export const RANGE_INDEX_WEIGHT = 20;
export const RANGE_MEMORY = 100;
/** A slot of the day widens a side of the range by this factor at most. */
export const MOST_RANGE_GROWTH = 1.25;
/** A side of the range is at least this share of all of it. */
export const LEAST_RANGE_SIDE = 0.1;
