import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { boomCollection } from './boom.ts';
import { bizitobsCollection, valueFilesCollection } from './labelled.ts';
import type { Collection } from './series-set.ts';

/**
 * What a folder holds, told from the headers of its CSV files: the folder itself in one of the layouts, or folders in it
 * that are. Throws when there is nothing of a known layout.
 */
export async function findCollections(dir: string): Promise<Collection[]> {
  if (!existsSync(dir)) throw new Error(`${dir}: no such folder`);
  const own = await collectionIn(dir);
  if (own !== undefined) return [own];
  const found: Collection[] = [];
  for (const folder of foldersIn(dir)) {
    const collection = await collectionIn(folder);
    if (collection !== undefined) found.push(collection);
  }
  if (found.length === 0) throw new Error(`${dir}: no data in a known layout (boom, kpi2018, nab, bizitobs)`);
  return found;
}

async function collectionIn(dir: string): Promise<Collection | undefined> {
  const here = csvFilesIn(dir);
  const boom = await withHeader(here, isBoom);
  if (boom.length > 0) return boomCollection(dir, boom);
  const business = await withHeader(here, isBizitobs);
  if (business.length > 0) return bizitobsCollection(dir, business);
  const kpis = await withHeader(here, isKpi);
  if (kpis.length > 0) return valueFilesCollection(dir, 'kpi2018', kpis);
  const benchmark = foldersIn(join(dir, 'data')).flatMap(csvFilesIn);
  const values = await withHeader(benchmark, isNab);
  if (values.length > 0) return valueFilesCollection(dir, 'nab', values);
  const deeper = foldersIn(dir).flatMap(csvFilesIn);
  const deeperKpis = await withHeader(deeper, isKpi);
  // A folder of many layouts is no collection of one of them.
  if (deeperKpis.length > 0 && deeperKpis.length === deeper.length)
    return valueFilesCollection(dir, 'kpi2018', deeperKpis);
  return undefined;
}

function isBoom(header: readonly string[]): boolean {
  return header.includes('v0');
}

function isBizitobs(header: readonly string[]): boolean {
  return header[0] === 'date' && header.length > 1;
}

function isKpi(header: readonly string[]): boolean {
  return ['timestamp', 'value', 'label'].every((title) => header.includes(title));
}

function isNab(header: readonly string[]): boolean {
  return ['timestamp', 'value'].every((title) => header.includes(title));
}

async function withHeader(files: readonly string[], test: (header: readonly string[]) => boolean): Promise<string[]> {
  const fitting: string[] = [];
  for (const file of files) if (test(await headerOf(file))) fitting.push(file);
  return fitting;
}

export async function headerOf(file: string): Promise<string[]> {
  const source = createReadStream(file);
  const text = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  let start = '';
  try {
    for await (const chunk of text) {
      start += (chunk as Buffer).toString('utf8');
      if (start.includes('\n')) break;
    }
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    source.destroy();
  }
  return start
    .replace(/^\u{feff}/u, '')
    .split(/\r?\n/)[0]!
    .split(',');
}

function csvFilesIn(dir: string): string[] {
  return entriesIn(dir)
    .filter((entry) => !entry.isDirectory() && /\.csv(\.gz)?$/.test(entry.name))
    .map((entry) => join(dir, entry.name))
    .sort();
}

function foldersIn(dir: string): string[] {
  return entriesIn(dir)
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(dir, entry.name))
    .sort();
}

function entriesIn(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
