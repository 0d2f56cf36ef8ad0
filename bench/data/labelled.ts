import { basename } from 'node:path';
import { setName } from './boom.ts';
import { type CsvFile, columnIndex, numberColumn, readCsv, timeColumn } from './csv.ts';
import { onGrid, type Placement, placeOnGrid } from './resample.ts';
import type { Collection, SeriesSet } from './series-set.ts';

/** Rows of a labelled file on its grid. */
export interface LabelledFile {
  readonly file: CsvFile;
  readonly placement: Placement;
}

/** Reads a file whose instants stand in `timeTitle`, and finds its step. */
export function readLabelled(path: string, timeTitle: string): LabelledFile {
  const file = readCsv(path);
  try {
    return { file, placement: placeOnGrid(timeColumn(file, columnIndex(file, timeTitle))) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(message.startsWith(path) ? message : `${path}: ${message}`, { cause });
  }
}

/**
 * The KPI challenge of 2018 (`timestamp` in seconds, `value`, `label`) and the Numenta benchmark (`timestamp` as date and
 * time, `value`; labels elsewhere): each file is a set of one series. Labelled anomalies stay in: a forecaster meets
 * them in its context as it would in life.
 */
export function valueFilesCollection(dir: string, layout: 'kpi2018' | 'nab', files: readonly string[]): Collection {
  const collection = basename(dir);
  const names = uniqueNames(files);
  return {
    name: collection,
    layout,
    files,
    read: (path) => {
      const labelled = readLabelled(path, 'timestamp');
      return [seriesSet(labelled, 'value', { collection, name: `${collection}.${names.get(path)}` })];
    },
    published: [],
  };
}

/** A business process (`date`, a column a KPI, columns of outages that hold nothing but 0 and 1): a set each KPI. */
export function bizitobsCollection(dir: string, files: readonly string[]): Collection {
  const collection = basename(dir);
  return {
    name: collection,
    layout: 'bizitobs',
    files,
    read: (path) => {
      const labelled = readLabelled(path, 'date');
      const { header } = labelled.file;
      return header
        .filter((title) => title !== 'date' && !isOutageColumn(labelled.file, title))
        .map((title) =>
          seriesSet(labelled, title, { collection, name: `${collection}.${setName(path)}.${wordsOf(title)}` }),
        );
    },
    published: [],
  };
}

/** Whether a column only marks outages: 0 and 1 written without a point, where measured values have one. */
function isOutageColumn(file: CsvFile, title: string): boolean {
  const column = file.header.indexOf(title);
  return file.rows.every((cells) => /^[01]?$/.test(cells[column]!));
}

function seriesSet(
  { file, placement }: LabelledFile,
  title: string,
  about: Pick<SeriesSet, 'collection' | 'name'>,
): SeriesSet {
  const even = onGrid(numberColumn(file, columnIndex(file, title)), placement);
  const { startMs, stepMs, values } = even;
  return { ...about, startMs, stepMs, steps: values.length, variates: [title], values, longestTerm: 'long' };
}

/** Files of several folders may have the same name; those get the folder's name too. */
function uniqueNames(files: readonly string[]): Map<string, string> {
  const stems = files.map(setName);
  return new Map(
    files.map((file, i) => {
      const isUnique = stems.indexOf(stems[i]!) === stems.lastIndexOf(stems[i]!);
      return [file, isUnique ? stems[i]! : `${file.split('/').at(-2)}.${stems[i]}`];
    }),
  );
}

function wordsOf(title: string): string {
  return title.replaceAll(/[^A-Za-z0-9]+/g, '_');
}
