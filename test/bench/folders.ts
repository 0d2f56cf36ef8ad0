import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** A temporary folder with these files, gone when the test ends. Names that end in `.gz` are packed. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'openanomaly-bench-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  }
  return dir;
}

/** A file of the BOOM layout: a column a series. */
export function boomText(series: readonly (readonly number[])[]): string {
  const header = series.map((_, v) => `v${v}`).join(',');
  const rows = series[0]!.map((_, t) => series.map((values) => (Number.isNaN(values[t]) ? '' : values[t])).join(','));
  return `${[header, ...rows].join('\n')}\n`;
}

export function columnOf(steps: number, valueAt: (step: number) => number): number[] {
  return Array.from({ length: steps }, (_, step) => valueAt(step));
}
