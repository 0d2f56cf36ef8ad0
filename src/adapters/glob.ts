import { readdir, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

const MAGIC = /[*?[{]/;

export interface Matches {
  /** Absolute paths, sorted. */
  readonly files: readonly string[];
  /** Folders in which a matching file lies or could appear; all of them exist. */
  readonly folders: readonly string[];
}

/**
 * Files that an absolute pattern matches: `*`, `?`, `[…]` and `{a,b}` within a name, `**` over folders. A pattern without
 * any of these names one file and matches it whether it exists or not.
 */
export async function glob(pattern: string): Promise<Matches> {
  if (!MAGIC.test(pattern)) return { files: [pattern], folders: [await existingFolder(dirname(pattern))] };
  const parts = pattern.split(/[\\/]/);
  const fixed = parts.findIndex((part) => MAGIC.test(part));
  const root = parts.slice(0, fixed).join(sep) || sep;
  const files = new Set<string>();
  const folders = new Set<string>([await existingFolder(root)]);
  await walk(root, parts.slice(fixed), { files, folders });
  return { files: [...files].sort(), folders: [...folders] };
}

async function walk(
  folder: string,
  parts: readonly string[],
  found: { readonly files: Set<string>; readonly folders: Set<string> },
): Promise<void> {
  const [part, ...rest] = parts;
  if (part === undefined) return;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  found.folders.add(folder);
  if (part === '**') {
    await walk(folder, rest, found);
    // Hidden folders are left out: in `..2026_11_23` and the like a ConfigMap keeps the same files once more.
    for (const entry of entries)
      if (entry.isDirectory() && !entry.name.startsWith('.')) await walk(join(folder, entry.name), parts, found);
    return;
  }
  const matches = nameMatcher(part);
  for (const entry of entries) {
    // As in a shell: a leading dot is matched by a dot only. ConfigMaps keep their versions in such folders.
    if (!matches(entry.name) || (entry.name.startsWith('.') && !part.startsWith('.'))) continue;
    const path = join(folder, entry.name);
    if (rest.length > 0) await walk(path, rest, found);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) found.files.add(path);
  }
}

/** Whether a name matches one part of a pattern. */
function nameMatcher(part: string): (name: string) => boolean {
  let source = '';
  let depth = 0;
  for (let i = 0; i < part.length; i++) {
    const char = part[i]!;
    const close = char === '[' ? part.indexOf(']', i + 2) : -1;
    if (close > 0) {
      source += `[${part
        .slice(i + 1, close)
        .replace(/^!/, '^')
        .replace(/[\\\]]/g, '\\$&')}]`;
      i = close;
    } else if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '{' && part.includes('}', i)) {
      source += '(?:';
      depth++;
    } else if (char === '}' && depth > 0) {
      source += ')';
      depth--;
    } else if (char === ',' && depth > 0) source += '|';
    else source += char.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  }
  const expression = compile(source);
  return (name) => expression?.test(name) ?? false;
}

/** Undefined for a class that is none, such as `[z-a]`: it matches nothing, as in a shell. */
function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return undefined;
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

/** The folder, or the nearest one above it that exists: what is to come appears there. */
async function existingFolder(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const above = dirname(folder);
  return isThere || above === folder ? folder : existingFolder(above);
}
