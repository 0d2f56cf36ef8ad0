import type { Static, TSchema } from 'typebox';
import type { Problem } from '../rules/problem.ts';
import type { Finding } from './finding.ts';
import type { Item } from './item.ts';
import { type Loose, readItem } from './read.ts';
import { parseYaml } from './yaml.ts';

export interface ReadOptions {
  /** What is missing when the file holds nothing. */
  readonly whenEmpty: string;
  /** Changes what was written before it is read, such as by filling in variables. */
  readonly prepare?: (root: Item) => { readonly root: Item; readonly findings: readonly Finding[] };
}

export interface ReadDocument<T> {
  /** Undefined when nothing can be made of the text. */
  readonly root: Item | undefined;
  /** What could be read; complete when there is no finding of severity `error`. */
  readonly value: Loose<T> | undefined;
  readonly findings: readonly Finding[];
  problem(finding: Finding): Problem;
}

/** Reads the YAML text of a file as its schema says. Never throws; all that is wrong with the text is in `findings`. */
export function readDocument<S extends TSchema>(
  schema: S,
  { text, file }: { readonly text: string; readonly file: string },
  { whenEmpty, prepare }: ReadOptions,
): ReadDocument<Static<S>> {
  const { root, findings: faults, isLegible, problem } = parseYaml(text, file);
  if (root === undefined || !isLegible) {
    const empty: Finding = { offset: 0, path: [], message: whenEmpty, severity: 'error' };
    return { root: undefined, value: undefined, findings: faults.length > 0 ? faults : [empty], problem };
  }
  const prepared = prepare?.(root) ?? { root, findings: [] };
  const { value, findings } = readItem(schema, prepared.root);
  // An alias without an anchor, or a variable that is not set, has been said; what is missing there is no news.
  const told = new Set([...faults, ...prepared.findings].map(({ offset }) => offset));
  const news = findings.filter(({ offset }) => !told.has(offset));
  return { root: prepared.root, value, findings: [...faults, ...prepared.findings, ...news], problem };
}
