import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MEDIAN_INDEX, QUANTILE_LEVELS } from '../../src/forecast/quantile.ts';
import type { SeriesSet } from '../data/series-set.ts';
import { bandPath, linePath, type Panel, panelFrame, rangeOf } from './panel.ts';
import type { SetResult } from './run-set.ts';

const LEVELS = QUANTILE_LEVELS.length;
/** Context shown before a window, in horizons. */
const CONTEXT_HORIZONS = 3;

const LEGEND = 'grey: context, black: what came, red: median, blue: 80 % and 98 % band';

type PlottedWindow = SetResult['windows'][number];

/**
 * Writes a picture for each series and engine, `<set>.<series>.<engine>.svg`: a row for each term with the window of the
 * largest error and the one of the median error; context, 80 and 98 % band, median and truth. Answers how many.
 */
export function writePlots(dir: string, set: SeriesSet, windows: readonly PlottedWindow[]): number {
  mkdirSync(dir, { recursive: true });
  const pictures = new Map<string, PlottedWindow[]>();
  for (const window of windows) {
    const name = `${set.name}.${set.variates[window.variate]}.${window.engine}`;
    const own = pictures.get(name);
    if (own === undefined) pictures.set(name, [window]);
    else own.push(window);
  }
  for (const [name, own] of pictures) {
    writeFileSync(join(dir, `${name.replaceAll(/[^A-Za-z0-9._-]+/g, '_')}.svg`), picture(name, set, own));
  }
  return pictures.size;
}

function picture(name: string, set: SeriesSet, windows: readonly PlottedWindow[]): string {
  const terms = [...new Set(windows.map((window) => window.term))];
  const panels = terms.flatMap((term, row) => {
    const sorted = windows.filter((window) => window.term === term).sort((a, b) => b.error - a.error);
    const chosen = sorted.length < 2 ? sorted : [sorted[0]!, sorted[sorted.length >> 1]!];
    return chosen.map((window, column) => {
      const number = term.origins.indexOf(window.origin) + 1;
      const which = sorted.length < 2 ? 'only' : column === 0 ? 'worst' : 'median';
      const title = `${term.name}, window ${number} of ${term.origins.length} (${which}), error ${window.error.toPrecision(3)}`;
      return windowPanel(set, window, { title, row, column });
    });
  });
  const width = 2 * 640;
  const height = 30 + terms.length * 240;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="10" y="20" font-size="14">${escapeXml(name)}</text>`,
    `<text x="${width - 10}" y="20" text-anchor="end" fill="#555">${LEGEND}</text>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function windowPanel(
  set: SeriesSet,
  window: PlottedWindow,
  at: { readonly title: string; readonly row: number; readonly column: number },
): string {
  const { horizonSteps, origin, quantiles } = window;
  const before = Math.min(origin, CONTEXT_HORIZONS * horizonSteps);
  const start = window.variate * set.steps + origin;
  const shown = set.values.subarray(start - before, start + horizonSteps);
  const level = (index: number) =>
    Float64Array.from({ length: horizonSteps }, (_, i) => quantiles[i * LEVELS + index]!);
  const [outerLow, innerLow, median, innerHigh, outerHigh] = [0, 2, MEDIAN_INDEX, LEVELS - 3, LEVELS - 1].map(level);
  const [low, high] = rangeOf([shown, median!], { lower: outerLow!, upper: outerHigh! });
  const panel: Panel = {
    x: at.column * 640,
    y: 30 + at.row * 240,
    width: 640,
    height: 240,
    steps: before + horizonSteps,
    low,
    high,
  };
  const instant = (step: number) => new Date(set.startMs + step * set.stepMs).toISOString().slice(0, 16);
  return [
    panelFrame(panel, {
      title: escapeXml(at.title),
      from: instant(origin - before),
      split: before,
      at: instant(origin),
    }),
    `<path d="${bandPath(panel, before, outerLow!, outerHigh!)}" fill="#9ec5f0" fill-opacity="0.45"/>`,
    `<path d="${bandPath(panel, before, innerLow!, innerHigh!)}" fill="#5b9bd5" fill-opacity="0.45"/>`,
    `<path d="${linePath(panel, 0, shown.subarray(0, before))}" fill="none" stroke="#555" stroke-width="1"/>`,
    `<path d="${linePath(panel, before, shown.subarray(before))}" fill="none" stroke="#111" stroke-width="1.2"/>`,
    `<path d="${linePath(panel, before, median!)}" fill="none" stroke="#c0392b" stroke-width="1.4"/>`,
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
