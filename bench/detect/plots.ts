import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linePath, type Panel, panelFrame, rangeOf } from '../forecast/panel.ts';
import type { Scene } from './scenes.ts';

const WIDTH = 640;
const HEIGHT = 190;
const COLUMNS = 2;
const LEGEND = 'black: value, blue: edges of the band, red: labelled and missed, or flagged without a label';

/** Writes a picture for each set and kind, `<set>.misses.svg` and `<set>.false-alarms.svg`. */
export function writeScenes(dir: string, scenes: readonly Scene[]): void {
  mkdirSync(dir, { recursive: true });
  for (const set of new Set(scenes.map((scene) => scene.set)))
    for (const kind of ['miss', 'false alarm'] as const) {
      const own = scenes.filter((scene) => scene.set === set && scene.kind === kind);
      const [file, title] = kind === 'miss' ? ['misses', 'worst misses'] : ['false-alarms', 'loudest false alarms'];
      if (own.length > 0) writeFileSync(join(dir, `${set}.${file}.svg`), sceneSheet(`${set}: ${title}`, own));
    }
}

export function sceneSheet(title: string, scenes: readonly Scene[]): string {
  const width = COLUMNS * WIDTH;
  const height = 30 + Math.ceil(scenes.length / COLUMNS) * HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="10" y="20" font-size="14">${escapeXml(title)}</text>`,
    `<text x="${width - 10}" y="20" text-anchor="end" fill="#555">${LEGEND}</text>`,
    ...scenes.map((scene, i) =>
      scenePanel(scene, { x: (i % COLUMNS) * WIDTH, y: 30 + Math.floor(i / COLUMNS) * HEIGHT }),
    ),
    '</svg>\n',
  ].join('\n');
}

function scenePanel(scene: Scene, at: { readonly x: number; readonly y: number }): string {
  const { values, lower, upper, first, last } = scene;
  const [low, high] = rangeOf([scene.values], scene);
  const panel: Panel = { ...at, width: WIDTH, height: HEIGHT, steps: values.length, low, high };
  const instant = (step: number) => new Date(scene.startMs + step * scene.stepMs).toISOString().slice(0, 16);
  const marked = values.map((value, i) => (i >= first && i <= last ? value : Number.NaN));
  return [
    panelFrame(panel, {
      title: escapeXml(`${scene.name}, score ${scene.peak.toFixed(2)}`),
      from: instant(0),
      split: first,
      at: instant(first),
    }),
    `<path d="${linePath(panel, 0, lower)}" fill="none" stroke="#5b9bd5" stroke-width="0.8"/>`,
    `<path d="${linePath(panel, 0, upper)}" fill="none" stroke="#5b9bd5" stroke-width="0.8"/>`,
    `<path d="${linePath(panel, 0, values)}" fill="none" stroke="#111" stroke-width="1"/>`,
    `<path d="${linePath(panel, 0, marked)}" fill="none" stroke="#c0392b" stroke-width="2.4"/>`,
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
