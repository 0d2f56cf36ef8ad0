import type { Manager } from '../evaluate/manager.ts';
import type { Logger } from '../ports/logger.ts';

const TOLD_EVERY_MS = 15_000;

/** Tells now and then how far the first evaluations are, as long as there are any: with many series they take minutes. */
export function tellFirstLooks(manager: Pick<Manager, 'status'>, logger: Logger, everyMs = TOLD_EVERY_MS): Disposable {
  const timer = setInterval(() => {
    const starting = manager.status().filter(({ enabled, health }) => enabled && health === 'starting');
    for (const { name, series, engines } of starting) {
      const forecast = Object.values(engines).reduce((sum, count) => sum + count, 0);
      logger.log('info', 'first look at the past', { pipeline: name, series, ...(forecast > 0 && { forecast }) });
    }
    if (starting.length === 0) clearInterval(timer);
  }, everyMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
