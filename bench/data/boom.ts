import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type CsvFile, columnIndex, numberColumn, parseTime, readCsv } from './csv.ts';
import { frequencyMs } from './frequency.ts';
import { type Collection, type PublishedRow, type SeriesSet, TERM_NAMES, type TermName } from './series-set.ts';

/**
 * The layout of BOOM: `<set>.csv.gz` with one column a variate (`v0` …) and one row a step; `meta.json` with start and
 * frequency of each set; `published.csv` with scores of public models. Without `meta.json` the frequency is the end of
 * the set's name (`ds-0-T`) and time starts at zero.
 */
export function boomCollection(dir: string, files: readonly string[]): Collection {
  const metaFile = join(dir, 'meta.json');
  const meta = existsSync(metaFile) ? readMeta(metaFile) : undefined;
  const publishedFile = join(dir, 'published.csv');
  const name = basename(dir);
  return {
    name,
    layout: 'boom',
    files,
    read: (file) => [readSet(readCsv(file), { collection: name, name: setName(file), metaFile, meta })],
    published: existsSync(publishedFile) ? readPublished(readCsv(publishedFile)) : [],
  };
}

export function setName(file: string): string {
  return basename(file).replace(/\.csv(\.gz)?$/, '');
}

type Meta = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

function readMeta(path: string): Meta {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Meta;
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

interface About {
  readonly collection: string;
  readonly name: string;
  readonly metaFile: string;
  readonly meta: Meta | undefined;
}

function readSet(file: CsvFile, about: About): SeriesSet {
  const columns = file.header.flatMap((title, i) => (/^v\d+$/.test(title) ? [i] : []));
  if (columns.length === 0) throw new Error(`${file.path}: no columns v0, v1 …; there are ${file.header.join(', ')}`);
  const steps = file.rows.length;
  const values = new Float64Array(columns.length * steps);
  columns.forEach((column, v) => {
    values.set(numberColumn(file, column), v * steps);
  });
  const variates = columns.map((column) => file.header[column]!);
  const { collection, name } = about;
  return { collection, name, ...timingOf(about), steps, variates, values };
}

function timingOf({ name, metaFile, meta }: About): Pick<SeriesSet, 'startMs' | 'stepMs' | 'longestTerm'> {
  if (meta === undefined) {
    const frequency = name.split('-').at(-1)!;
    const stepMs = frequencyMs(frequency);
    if (stepMs === undefined) {
      throw new Error(`${metaFile} is missing, and the name "${name}" does not end in a frequency such as -5T`);
    }
    return { startMs: 0, stepMs, longestTerm: 'long' };
  }
  const entry = meta[name];
  if (entry === undefined) throw new Error(`${metaFile}: no entry for "${name}"`);
  const { freq, start, term } = entry;
  const stepMs = typeof freq === 'string' ? frequencyMs(freq) : undefined;
  if (stepMs === undefined) {
    throw new Error(`${metaFile}: "freq" of "${name}" is ${JSON.stringify(freq)}, not a frequency such as "5T"`);
  }
  const startMs = typeof start === 'string' ? parseTime(start) : Number.NaN;
  if (Number.isNaN(startMs)) {
    throw new Error(
      `${metaFile}: "start" of "${name}" is ${JSON.stringify(start)}, not a time such as "2024-06-01T00:05:00"`,
    );
  }
  if (term !== undefined && !TERM_NAMES.includes(term as TermName)) {
    throw new Error(`${metaFile}: "term" of "${name}" is ${JSON.stringify(term)}, not one of ${TERM_NAMES.join(', ')}`);
  }
  // Grids lie on multiples of their step.
  return { startMs: startMs - (startMs % stepMs), stepMs, longestTerm: (term as TermName | undefined) ?? 'long' };
}

function readPublished(file: CsvFile): PublishedRow[] {
  const column = (name: string) => columnIndex(file, name);
  const [set, term, model] = [column('dataset'), column('term'), column('model')];
  const mase = numberColumn(file, column('MASE'));
  const crps = numberColumn(file, column('CRPS'));
  return file.rows.map((cells, i) => ({
    set: cells[set]!,
    term: cells[term]!,
    model: cells[model]!,
    mase: mase[i]!,
    crps: crps[i]!,
  }));
}
