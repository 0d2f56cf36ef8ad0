import type { Manager } from '../evaluate/manager.ts';
import type { PipelineStatus } from '../evaluate/status.ts';
import type { Logger } from '../ports/logger.ts';

const TOLD_EVERY_MS = 15_000;

/** Tells now and then how far the first evaluations are, as long as there are any: with many series they take minutes. */
export function tellFirstLooks(manager: Pick<Manager, 'status'>, logger: Logger, everyMs = TOLD_EVERY_MS): Disposable {
  const timer = setInterval(() => {
    const starting = manager.status().filter(({ enabled, health }) => enabled && health === 'starting');
    if (starting.length > 0) logger.log('info', 'first look at the past', progressOf(starting));
    else clearInterval(timer);
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** In one line, however many there are; figures that nothing is known of yet are left out. */
function progressOf(starting: readonly PipelineStatus[]) {
  const [first, ...others] = starting;
  const series = sum(starting.map((status) => status.series));
  const forecast = sum(starting.flatMap(({ engines }) => Object.values(engines)));
  return {
    ...(others.length === 0 ? { pipeline: first?.name } : { pipelines: starting.length }),
    series,
    ...(forecast > 0 && { forecast }),
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
