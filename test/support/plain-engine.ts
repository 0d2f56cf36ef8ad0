import { QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import type { ForecastRequest, ModelEngine } from '../../src/ports/model-engine.ts';

/** An engine in the test's own thread: the quantiles of the whole context at every step. Keeps what it was asked. */
export function plainEngine(): ModelEngine & { readonly requests: ForecastRequest[] } {
  const requests: ForecastRequest[] = [];
  return {
    requests,
    traits: { id: 'plain', maxContextSteps: 500, levels: QUANTILE_LEVELS },
    async forecast(request, signal) {
      signal.throwIfAborted();
      requests.push(request);
      const { grid, values, labels } = request.context;
      const levels = QUANTILE_LEVELS.length;
      const quantiles = new Float64Array(labels.length * request.horizonSteps * levels);
      for (let s = 0; s < labels.length; s++) {
        const sorted = values
          .slice(s * grid.steps, (s + 1) * grid.steps)
          .filter(Number.isFinite)
          .sort();
        for (let i = 0; i < request.horizonSteps * levels; i++) {
          const position = QUANTILE_LEVELS[i % levels]! * (sorted.length - 1);
          quantiles[s * request.horizonSteps * levels + i] = sorted[Math.round(position)] ?? Number.NaN;
        }
      }
      return {
        startMs: grid.startMs + grid.steps * grid.stepMs,
        stepMs: grid.stepMs,
        steps: request.horizonSteps,
        levels: QUANTILE_LEVELS,
        quantiles,
        hints: labels.map(() => ({ engine: 'plain', periods: [], checkedMs: grid.startMs })),
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}
