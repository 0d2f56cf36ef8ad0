/** A rectangle of a picture with its own axes: steps to the right, values upwards. */
export interface Panel {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly low: number;
  readonly high: number;
}

const INSETS = { left: 58, right: 12, top: 24, bottom: 22 };

/** Frame, title, three marks on the value axis, and a line where the forecast begins. */
export function panelFrame(
  panel: Panel,
  text: { readonly title: string; readonly from: string; readonly split: number; readonly at: string },
): string {
  const { x, y, width, height, low, high } = panel;
  const [left, right] = [x + INSETS.left, x + width - INSETS.right];
  const [top, bottom] = [y + INSETS.top, y + height - INSETS.bottom];
  const split = pixelX(panel, text.split);
  const marks = [low, (low + high) / 2, high].map((value) => {
    const at = pixelY(panel, value);
    return [
      `<line x1="${left}" x2="${right}" y1="${at}" y2="${at}" stroke="#e4e4e4"/>`,
      `<text x="${left - 4}" y="${at + 4}" text-anchor="end" fill="#555">${value.toPrecision(3)}</text>`,
    ].join('');
  });
  return [
    ...marks,
    `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="none" stroke="#bbb"/>`,
    `<line x1="${split}" x2="${split}" y1="${top}" y2="${bottom}" stroke="#888" stroke-dasharray="3 3"/>`,
    `<text x="${left}" y="${top - 6}">${text.title}</text>`,
    `<text x="${left}" y="${bottom + 14}" fill="#555">${text.from}</text>`,
    `<text x="${split}" y="${bottom + 14}" fill="#555">${text.at}</text>`,
  ].join('\n');
}

/** A line from `first` on; gaps stay gaps, a sample alone between two of them is a dot. */
export function linePath(panel: Panel, first: number, values: Float64Array): string {
  const parts: string[] = [];
  let isOpen = false;
  values.forEach((value, i) => {
    if (Number.isNaN(value)) {
      isOpen = false;
      return;
    }
    const point = `${pixelX(panel, first + i)} ${pixelY(panel, value)}`;
    parts.push(isOpen ? `L${point}` : `M${point}h.5`);
    isOpen = true;
  });
  return parts.join('');
}

/** The area between two lines that have no gaps. */
export function bandPath(panel: Panel, first: number, lower: Float64Array, upper: Float64Array): string {
  const point = (value: number, i: number) => `${pixelX(panel, first + i)} ${pixelY(panel, value)}`;
  const there = Array.from(upper, point);
  const back = Array.from(lower, point).reverse();
  return `M${[...there, ...back].join('L')}Z`;
}

function pixelX(panel: Panel, step: number): string {
  const left = panel.x + INSETS.left;
  const width = panel.width - INSETS.left - INSETS.right;
  return (left + (width * step) / Math.max(1, panel.steps - 1)).toFixed(1);
}

/** Values outside of the range are drawn at its edge. */
function pixelY(panel: Panel, value: number): number {
  const bottom = panel.y + panel.height - INSETS.bottom;
  const height = panel.height - INSETS.top - INSETS.bottom;
  const share = Math.min(1, Math.max(0, (value - panel.low) / (panel.high - panel.low)));
  return Number((bottom - height * share).toFixed(1));
}

/** A band may not make a picture higher than this many times what its lines need. */
const MOST_STRETCH = 3;

/** What the lines need from bottom to top, widened for the band as far as it stays readable, and a margin. NaN is a gap. */
export function rangeOf(
  lines: readonly Float64Array[],
  band: { readonly lower: Float64Array; readonly upper: Float64Array },
): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of lines) {
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const room = ((MOST_STRETCH - 1) / 2) * (high - low);
  const [least, most] = [low - room, high + room];
  for (const value of band.lower) if (!Number.isNaN(value)) low = Math.min(low, Math.max(least, value));
  for (const value of band.upper) if (!Number.isNaN(value)) high = Math.max(high, Math.min(most, value));
  const margin = 0.04 * (high - low) || 0.5 * Math.abs(high) || 1;
  return [low - margin, high + margin];
}
