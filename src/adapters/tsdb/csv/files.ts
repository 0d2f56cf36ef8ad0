import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { OpenAnomalyError } from '../../../errors.ts';

export interface CsvFile {
  readonly path: string;
  /** Path below the folder or the fixed part of the pattern, without `.csv` or `.csv.gz`; the label `file`. */
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

const EXTENSION = /\.csv(\.gz)?$/i;

/** The files a path means, in order of their names: a file, every CSV below a folder, or those a pattern matches. */
export async function findFiles(path: string): Promise<CsvFile[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return [describe(path, basename(path), found)];
  if (found?.isDirectory()) return listBelow(path, (name) => EXTENSION.test(name), path);

  const segments = path.split(sep);
  const firstMagic = segments.findIndex((segment) => /[*?[{]/.test(segment));
  if (firstMagic === -1) throw unreadable(`there is no file or folder ${path}`);
  const root = segments.slice(0, firstMagic).join(sep) || (path.startsWith(sep) ? sep : '.');
  const pattern = globPattern(segments.slice(firstMagic));
  return listBelow(root, (name) => pattern.test(name), path);
}

async function listBelow(root: string, wanted: (name: string) => boolean, path: string): Promise<CsvFile[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(root, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw new OpenAnomalyError('file_unreadable', `the folder ${root} cannot be read`, { cause: error });
  }
  const files: CsvFile[] = [];
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const name = relative(root, file).replaceAll(sep, '/');
    if (!wanted(name)) continue;
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) files.push(describe(file, name, found));
  }
  if (files.length === 0) throw unreadable(`no file matches ${path}; files of a folder must end in .csv or .csv.gz`);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function describe(path: string, name: string, found: { readonly size: number; readonly mtimeMs: number }): CsvFile {
  return { path, name: name.replace(EXTENSION, ''), bytes: found.size, modifiedMs: found.mtimeMs };
}

/** `*`, `?`, `[…]` and `{a,b}` within a segment; `**` for any number of folders. */
function globPattern(segments: readonly string[]): RegExp {
  let source = '';
  segments.forEach((segment, i) => {
    const isLast = i === segments.length - 1;
    if (segment === '**') source += isLast ? '.*' : '(?:[^/]+/)*';
    else source += segmentPattern(segment) + (isLast ? '' : '/');
  });
  return new RegExp(`^${source}$`);
}

function segmentPattern(segment: string): string {
  return segment.replace(/\*+|\?|\[!?[^\]]*\]|\{[^}]*\}|[.+^$()|\\[\]{}]/g, (part) => {
    if (part.startsWith('*')) return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 1 && part.startsWith('[')) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    if (part.length > 1 && part.startsWith('{')) {
      return `(?:${part.slice(1, -1).split(',').map(segmentPattern).join('|')})`;
    }
    return `\\${part}`;
  });
}

function unreadable(message: string): OpenAnomalyError {
  return new OpenAnomalyError('file_unreadable', message);
}
