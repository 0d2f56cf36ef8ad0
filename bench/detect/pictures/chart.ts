/** Pictures of docs/detection.md: axes, lines and strips, in pixels of an SVG that is WIDTH wide. */
export const WIDTH = 960;

export const COLOURS = {
  band: '#54aeff',
  value: '#24292f',
  flag: '#cf222e',
  score: '#8250df',
  label: '#fff3c4',
  grid: '#eaeef2',
  calm: '#1a7f37',
  restless: '#0969da',
  wild: '#bc4c00',
  muted: '#8c959f',
} as const;

const STYLE =
  'text{font:12px system-ui,sans-serif;fill:#24292f}.s{fill:#57606a;font-size:11px}.t{font-size:13px;font-weight:600}';

export function picture(title: string, height: number, parts: readonly string[]): string {
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><title>${title}</title><style>${STYLE}</style>`;
  return `${head}<rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>\n`;
}

export interface TextOptions {
  readonly kind?: 's' | 't';
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
}

export function textAt(x: number, y: number, text: string, { kind, anchor, fill }: TextOptions = {}): string {
  const attributes = [
    kind === undefined ? '' : ` class="${kind}"`,
    anchor === undefined ? '' : ` text-anchor="${anchor}"`,
    // A class would win over the attribute.
    fill === undefined ? '' : ` style="fill:${fill}"`,
  ];
  return `<text x="${round(x)}" y="${round(y)}"${attributes.join('')}>${text}</text>`;
}

export function lineAt(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  { stroke = COLOURS.grid, dash }: { readonly stroke?: string; readonly dash?: string } = {},
): string {
  const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash}"`;
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}"${dashes}/>`;
}

export type Point = readonly [x: number, y: number];

/** A line through points; one that is not finite breaks it. */
export function pathThrough(points: readonly Point[], stroke: string, width = 1, dash?: string): string {
  let path = '';
  let isOpen = false;
  for (const [x, y] of points) {
    const isThere = Number.isFinite(x) && Number.isFinite(y);
    if (isThere) path += `${isOpen ? 'L' : 'M'}${round(x)} ${round(y)}`;
    isOpen = isThere;
  }
  const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash}"`;
  return `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="${width}"${dashes}/>`;
}

/** The area between two lines; where either is not finite there is none. */
export function areaBetween(lower: readonly Point[], upper: readonly Point[], fill: string): string {
  const pieces: number[][] = [];
  for (const [i, [, y]] of lower.entries()) {
    if (!Number.isFinite(y) || !Number.isFinite(upper[i]![1])) continue;
    if (pieces.at(-1)?.at(-1) === i - 1) pieces.at(-1)!.push(i);
    else pieces.push([i]);
  }
  const spot = ([x, y]: Point) => `${round(x)} ${round(y)}`;
  const path = pieces
    .map((own) => {
      const there = own.map((i) => spot(upper[i]!));
      const back = own.map((i) => spot(lower[i]!)).reverse();
      return `M${[...there, ...back].join('L')}Z`;
    })
    .join('');
  return `<path d="${path}" fill="${fill}" opacity=".3"/>`;
}

export function dotAt([x, y]: Point, fill: string, radius = 2.6): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" fill="${fill}"/>`;
}

/** Round numbers in a range, at most so many: one, two or five times a power of ten apart. */
export function ticksIn(low: number, high: number, most: number): number[] {
  const rough = (high - low) / most;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * decade).find((each) => each >= rough)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Places a value of one range in another. */
export function scaleOf(from: readonly [number, number], to: readonly [number, number]): (value: number) => number {
  return (value) => to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
