import type { Finding } from '../document/finding.ts';
import { childOf, formatPath, type Item, type Path, placeAt, type ScalarItem } from '../document/item.ts';
import { readDocument } from '../document/read-document.ts';
import { offsetInScalar } from '../document/scalar-offset.ts';
import { buildGroups, groupNameOf } from './build.ts';
import { type CheckOptions, checkDocument, type NamePlace } from './check.ts';
import type { Group } from './pipeline.ts';
import type { Problem } from './problem.ts';
import { checkQuery } from './promql.ts';
import { type RawRules, rulesSchema } from './schema.ts';

export interface ParsedRules {
  /** Empty when any problem is an error. */
  readonly groups: readonly Group[];
  /** In the order of the text. */
  readonly problems: readonly Problem[];
  /** Where each pipeline's name stands, for `checkNames` over all files. */
  readonly places: readonly NamePlace[];
}

const EMPTY = 'the file is empty; it needs "groups", or "pipelines"';
const HERE: Finding = { offset: 0, path: [], message: '', severity: 'error' };

/** Reads the text of a rule file. Never throws: all that is wrong comes back, each at its place. */
export function parseRules(text: string, file: string, options: CheckOptions = {}): ParsedRules {
  const { root, value, findings, problem } = readDocument(rulesSchema, { text, file }, { whenEmpty: EMPTY });
  if (root === undefined) return { groups: [], problems: findings.map(problem), places: [] };
  if (root.kind === 'map' && root.entries.size === 0 && findings.length === 0)
    return { groups: [], problems: [problem({ ...HERE, message: EMPTY })], places: [] };
  const all = [...findings, ...checkDocument(value ?? {}, root, options), ...checkQueries(root)];
  const problems = all.sort((a, b) => a.offset - b.offset).map((finding) => problem(withOwner(root, finding)));
  const isUsable = all.every(({ severity }) => severity !== 'error');
  return {
    groups: isUsable
      ? buildGroups(value as RawRules, {
          file,
          datasource: defaultDatasource(options),
          readBeside: options.readBeside,
        })
      : [],
    problems,
    places: pipelinesOf(root, file).flatMap(({ path, ...rest }): NamePlace[] => {
      const name = scalarAt(root, [...path, 'name']);
      if (typeof name?.value !== 'string') return [];
      const { line, column } = problem({ ...HERE, offset: name.offset });
      return [{ pipeline: name.value, ...rest, file, line, column }];
    }),
  };
}

/** The only data source there is, or `default`. */
function defaultDatasource({ datasources = [] }: CheckOptions): string {
  return datasources.length === 1 ? datasources[0]! : 'default';
}

/** Paths of all pipelines, with the name of their group and their place in it. */
function pipelinesOf(
  root: Item,
  file: string,
): { readonly path: Path; readonly group: string; readonly index: number }[] {
  const grouped = itemsOf(childOf(root, 'groups')).flatMap((group, g) => {
    const name = String(scalarAt(group, ['name'])?.value ?? g + 1);
    return itemsOf(childOf(group, 'pipelines')).map((_, p) => ({
      path: ['groups', g, 'pipelines', p],
      group: name,
      index: p + 1,
    }));
  });
  const bare = itemsOf(childOf(root, 'pipelines')).map((_, p) => ({
    path: ['pipelines', p],
    group: groupNameOf(file),
    index: p + 1,
  }));
  return [...grouped, ...bare];
}

function checkQueries(root: Item): Finding[] {
  return pipelinesOf(root, '').flatMap(({ path }) => {
    const at = [...path, 'query'];
    const query = scalarAt(root, at);
    if (typeof query?.value !== 'string' || query.value === '') return [];
    return checkQuery(query.value).map(({ severity, offset, message }) => {
      return { severity, path: at, offset: offsetInScalar(query, offset), message };
    });
  });
}

/** The finding with the group, the pipeline and the key it belongs to in front, the way promtool names rules. */
function withOwner(root: Item, finding: Finding): Finding {
  const { path } = finding;
  const nameOf = (end: number) => scalarAt(root, [...path.slice(0, end), 'name'])?.value;
  const parts: string[] = [];
  const inGroup = path[0] === 'groups' && path.length > 1;
  if (inGroup) parts.push(`group ${JSON.stringify(nameOf(2) ?? Number(path[1]) + 1)}`);
  const at = inGroup ? 2 : 0;
  const inPipeline = path[at] === 'pipelines' && path.length > at + 1;
  if (inPipeline) {
    const name = nameOf(at + 2);
    parts.push(`pipeline ${Number(path[at + 1]) + 1}${name === undefined ? '' : `, ${JSON.stringify(name)}`}`);
  }
  const key = formatPath(path.slice(inPipeline ? at + 2 : at));
  const owner = [parts.join(', '), key].filter((part) => part !== '').join(': ');
  return owner === '' ? finding : { ...finding, message: `${owner}: ${finding.message}` };
}

function itemsOf(item: Item | undefined): readonly Item[] {
  return item?.kind === 'list' ? item.items : [];
}

function scalarAt(root: Item, path: Path): ScalarItem | undefined {
  const owner = path.length > 1 ? placeAt(root, path.slice(0, -1)).item : root;
  const item = childOf(owner, String(path.at(-1)));
  return item?.kind === 'scalar' ? item : undefined;
}
