import { type TailSettings, withSettings } from './settings-text.ts';

interface Loaded {
  readonly source?: string | Uint8Array;
}

let settings: TailSettings = {};

/** Hooks of node:module: one module is read with other numbers, all others as they are. */
export function initialize(data: TailSettings): void {
  settings = data;
}

export async function load(
  url: string,
  context: unknown,
  nextLoad: (url: string, context: unknown) => Promise<Loaded>,
): Promise<Loaded> {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith('/score/tail/settings.js') || loaded.source === undefined) return loaded;
  const text = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source).toString('utf8');
  return { ...loaded, source: withSettings(text, settings) };
}
