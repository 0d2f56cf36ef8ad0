import { findCollections } from './data/find-collections.ts';
import { measure } from './forecast/measure.ts';
import { openEngines } from './forecast/open-engines.ts';
import { engineRows } from './forecast/rows.ts';
import type { Bench, Suite } from './support/suite.ts';

/**
 * How well the engines forecast series they have never seen: MASE, CRPS, coverage and cost over the sets of a folder, by
 * BOOM's protocol, through the worker pool the product forecasts with. README.md beside this file says how to read it.
 */
export const suite: Suite = {
  options: {
    data: 'DIR with sets in a known layout, or with folders of them',
    engines: 'a,b,c+calibration  rows to measure instead of the usual ones',
    sets: 'a,b*  only the sets or folders of these names',
    context: 'N  most steps of context an engine is given',
    windows: "N  judge the last N windows of a term rather than the protocol's; published scores are left out then",
    plots: 'DIR to write a picture of each series to',
  },
  needs: ['data'],
  async run(bench) {
    const rows = engineRows(bench.options['engines']);
    const contextSteps = wholeOption(bench, 'context');
    const mostWindows = wholeOption(bench, 'windows');
    const collections = await findCollections(bench.options['data']!);
    const engines = openEngines(COMPILED_WORKER);
    try {
      await measure(bench, collections, { rows, contextSteps, mostWindows, engines });
    } finally {
      await engines.port[Symbol.asyncDispose]();
    }
  },
};

const COMPILED_WORKER = new URL('../../dist/adapters/model/worker.js', import.meta.url);

function wholeOption(bench: Bench, name: string): number | undefined {
  const text = bench.options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0, not "${text}"`);
  return value;
}
