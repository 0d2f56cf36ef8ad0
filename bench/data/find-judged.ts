import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { headerOf } from './find-collections.ts';
import { readFaults } from './judged-faults.ts';
import { readServer } from './judged-servers.ts';
import type { JudgedFile } from './judged-set.ts';
import { readSpell } from './judged-spell.ts';
import { readKpi, readWindows, type WindowLabels, windowLabelsIn } from './judged-values.ts';

/** How deep files lie under the folder that is asked for, and more. */
const MOST_DEPTH = 5;

/** What the folders above a file have to say about it. */
interface Around {
  /** Labels of the Numenta benchmark, which lie beside its data. */
  readonly windows: WindowLabels | undefined;
  readonly depth: number;
}

/**
 * The labelled files under a folder, told by their names and headers: KPI challenge (`timestamp,value,label`), Numenta
 * benchmark (`timestamp,value` with `labels/windows.json` above), servers (`<name>_test` beside `<name>_train`), pods
 * with a `fault_list.json` beside them, clean spells of a shop (`…noissue_metrics`). Others are passed by. Throws when
 * there is none.
 */
export async function findJudged(dir: string): Promise<JudgedFile[]> {
  if (!existsSync(dir)) throw new Error(`${dir}: no such folder`);
  const found = await filesIn(dir, { windows: windowLabelsAbove(dir), depth: 0 });
  if (found.length === 0)
    throw new Error(`${dir}: nothing labelled in a known layout (nab, kpi2018, asd, smd, petshop, nezha)`);
  return found.sort((a, b) => a.set.localeCompare(b.set) || a.path.localeCompare(b.path));
}

async function filesIn(dir: string, around: Around): Promise<JudgedFile[]> {
  const entries = readdirSync(dir, { withFileTypes: true });
  const inside: Around = { windows: windowLabelsIn(dir) ?? around.windows, depth: around.depth + 1 };
  const found: JudgedFile[] = [];
  for (const entry of entries) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) {
      if (around.depth < MOST_DEPTH) found.push(...(await filesIn(path, inside)));
    } else if (/\.csv(\.gz)?$/.test(entry.name)) {
      const file = await judgedFile(path, dir, inside);
      if (file !== undefined) found.push(file);
    }
  }
  return found;
}

async function judgedFile(path: string, dir: string, around: Around): Promise<JudgedFile | undefined> {
  const part = basename(dir);
  const stem = basename(path).replace(/\.csv(\.gz)?$/, '');
  const file = (set: string, read: JudgedFile['read']): JudgedFile => ({ set, part, path, read });
  if (stem.endsWith('noissue_metrics')) return file('petshop', () => readSpell(path, { part, stem }));
  const faults = join(dir, 'fault_list.json');
  if (stem.endsWith('_metric') && existsSync(faults))
    return file('nezha', () => readFaults(path, { part, stem, faults }));
  const header = await headerOf(path);
  if (header[0] === 'i' && header.includes('m1')) {
    if (!stem.endsWith('_test')) return undefined;
    const set = stem.startsWith('omi-') ? 'asd' : 'smd';
    return file(set, () => readServer(path, { set, part, stem }));
  }
  if (!header.includes('timestamp') || !header.includes('value')) return undefined;
  if (header.includes('label')) return file('kpi2018', () => readKpi(path, { part, stem }));
  const windows = around.windows?.[`${part}/${stem}.csv`];
  return windows && file('nab', () => readWindows(path, { part, stem, windows }));
}

/** Labels in one of the folders above: what is asked for may be a single group of the benchmark. */
function windowLabelsAbove(dir: string): WindowLabels | undefined {
  return windowLabelsIn(join(dir, '..')) ?? windowLabelsIn(join(dir, '..', '..'));
}
