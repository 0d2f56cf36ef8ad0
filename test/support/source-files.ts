import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export interface SourceFile {
  /** Relative to the repository: `src/series/block.ts`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly ImportedModule[];
  /** The text without comments and without the contents of strings, templates and regular expressions. */
  readonly code: string;
}

export interface ImportedModule {
  /** A path like that of the file itself, or the name of a package or of a part of Node. */
  readonly target: string;
  readonly typeOnly: boolean;
}

/** All TypeScript files below a folder of the repository. */
export function readSourceFiles(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => parseSource(join(folder, name), readFileSync(join(folder, name), 'utf8')));
}

export function parseSource(path: string, text: string): SourceFile {
  const withStrings = withoutComments(text);
  return {
    path,
    lines: text.split('\n').length - 1,
    imports: importsOf(path, withStrings),
    code: withoutStrings(withStrings),
  };
}

const STATIC_IMPORT = /^\s*(?:import|export)\s+(type\s+)?(?:([^'";=]*?)\s*from\s*)?(['"])([^'"]+)\3/gm;
const DYNAMIC_IMPORT = /\bimport\s*\(\s*(['"])([^'"]+)\1/g;
const WORKER_URL = /\bnew URL\(\s*(['"])(\.[^'"]+)\1\s*,\s*import\.meta\.url/g;

function importsOf(path: string, text: string): ImportedModule[] {
  const found: ImportedModule[] = [];
  for (const [, typeKeyword, clause, , specifier] of text.matchAll(STATIC_IMPORT)) {
    found.push({ target: resolve(path, specifier!), typeOnly: typeKeyword !== undefined || onlyTypes(clause) });
  }
  for (const [, , specifier] of text.matchAll(DYNAMIC_IMPORT)) {
    found.push({ target: resolve(path, specifier!), typeOnly: false });
  }
  for (const [, , specifier] of text.matchAll(WORKER_URL)) {
    if (specifier!.endsWith('.ts')) found.push({ target: resolve(path, specifier!), typeOnly: false });
  }
  return found;
}

/** `{ type A, type B }`, without anything that is a value. */
function onlyTypes(clause: string | undefined): boolean {
  const names = clause
    ?.match(/^\{([^}]*)\}$/)?.[1]
    ?.split(',')
    .filter((name) => name.trim() !== '');
  return names?.every((name) => /^\s*type\s/.test(name)) ?? false;
}

function resolve(path: string, specifier: string): string {
  return specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier;
}

const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

function withoutComments(text: string): string {
  return text.replace(COMMENT_OR_STRING, (match) => (match.startsWith('/') ? ' ' : match));
}

/** Templates keep their text: what is computed in them is code. */
function withoutStrings(text: string): string {
  return text.replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''");
}

/** The groups of files that import one another in a circle; each as a path from a file back to itself. */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const cycles: string[][] = [];
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (path: string): void => {
    if (done.has(path)) return;
    const at = open.indexOf(path);
    if (at >= 0) {
      cycles.push([...open.slice(at), path]);
      return;
    }
    open.push(path);
    for (const { target } of byPath.get(path)?.imports ?? []) if (byPath.has(target)) visit(target);
    open.pop();
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path);
  return cycles;
}
