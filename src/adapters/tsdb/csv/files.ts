import { stat } from 'node:fs/promises';
import { basename, relative, sep } from 'node:path';
import { OpenAnomalyError } from '../../../errors.ts';
import { glob } from '../../glob.ts';

export interface CsvFile {
  readonly path: string;
  /** Path below the folder or the fixed part of the pattern, without `.csv` or `.csv.gz`; the label `file`. */
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** The files a path means, in order of their names: a file, every CSV below a folder, or those a pattern matches. */
export async function findFiles(path: string): Promise<CsvFile[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return [describe(path, basename(path), found)];
  const isFolder = found?.isDirectory() === true;
  const { files } = await glob(isFolder ? `${path.replace(MAGIC, '[$&]')}/**/*.{csv,csv.gz}` : path);
  const root = isFolder ? path : fixedPart(path);
  const described: CsvFile[] = [];
  for (const file of files) {
    const stats = await stat(file).catch(() => undefined);
    if (stats?.isFile()) described.push(describe(file, relative(root, file).replaceAll(sep, '/'), stats));
  }
  if (described.length > 0) return described;
  const hint = isFolder ? 'files of a folder must end in .csv or .csv.gz' : 'check data source and path';
  throw new OpenAnomalyError('file_unreadable', `there is no file ${isFolder ? 'in ' : ''}${path}: ${hint}`);
}

const MAGIC = /[*?[{]/g;

/** The folders before the first that is a pattern. */
function fixedPart(path: string): string {
  const segments = path.split(sep);
  return (
    segments
      .slice(
        0,
        segments.findIndex((segment) => segment.search(MAGIC) !== -1),
      )
      .join(sep) || sep
  );
}

function describe(path: string, name: string, found: { readonly size: number; readonly mtimeMs: number }): CsvFile {
  return { path, name: name.replace(/\.csv(\.gz)?$/i, ''), bytes: found.size, modifiedMs: found.mtimeMs };
}
