import { CALIBRATION_FLOATS, learnCalibration } from '../forecast/calibrate.ts';
import { QUANTILE_LEVELS } from '../forecast/quantile.ts';
import type { SampleRun } from '../series/context.ts';
import type { PipelineState } from './pipeline-state.ts';

/** Horizons at the end of the past whose samples teach the calibration too, as a first evaluation of contexts does. */
const WARM_UP_HORIZONS = 3;
/** Samples from which on an online engine's forecasts are worth being judged. */
const LEAST_SAMPLES = 20;

const raw = new Float64Array(QUANTILE_LEVELS.length);

/**
 * Lets the online engine learn a run of a series' past, up to and including `toMs`. The last horizons of it are forecast
 * on the way, a path at a time, so that the calibration is not cold when scoring starts.
 */
export function learnRun(state: PipelineState, slot: number, run: SampleRun, toMs: number): void {
  const { stepMs } = state.contexts;
  const online = state.online!;
  const judgedAfterMs = toMs - WARM_UP_HORIZONS * state.pathSteps * stepMs;
  const plain = Math.max(0, Math.min(run.count, Math.floor((judgedAfterMs - run.startMs) / stepMs) + 1));
  if (plain > 0) online.learn(slot, { ...run, count: plain });
  for (let i = plain; i < run.count; i += state.pathSteps) {
    const count = Math.min(state.pathSteps, run.count - i);
    const startMs = run.startMs + i * stepMs;
    const values = run.values.subarray(run.from + i, run.from + i + count);
    if (online.isNext(slot, startMs) && online.samples(slot) >= LEAST_SAMPLES) {
      state.setPath(slot, online.forecast([slot], startMs - stepMs, state.pathSteps), 0);
      for (let k = 0; k < count; k++) calibrate(state, slot, startMs + k * stepMs, values[k]!);
    }
    online.learn(slot, { startMs, values, from: 0, count });
  }
}

function calibrate(state: PipelineState, slot: number, timeMs: number, value: number): void {
  state.rawRow(slot, timeMs, raw, 0);
  learnCalibration(state.calibration, slot * CALIBRATION_FLOATS, state.leadSteps(slot, timeMs), raw, 0, value);
}
