import { OpenAnomalyError } from '../../../errors.ts';
import type { CsvDatasourceSettings } from '../../../settings/settings.ts';
import type { CsvFile } from './files.ts';

/** Which column of a file is what. */
export interface Layout {
  readonly columns: number;
  readonly timestamp: number;
  readonly values: readonly { readonly index: number; readonly column: string; readonly metric: string }[];
  readonly labels: readonly { readonly index: number; readonly label: string }[];
}

/** Reads the header of a file; every column that is neither timestamp nor label has values unless the settings choose. */
export function layoutOf(file: CsvFile, header: readonly string[], settings: CsvDatasourceSettings): Layout {
  const names = header.map((name) => name.trim());
  const find = (name: string, setting: string): number => {
    const index = names.indexOf(name);
    if (index !== -1) return index;
    throw malformed(
      file,
      1,
      `there is no column ${JSON.stringify(name)}; set ${setting} to one of ${names.join(', ')}`,
    );
  };
  const repeated = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw malformed(file, 1, `two columns are called ${JSON.stringify(repeated)}: give each its own name`);
  }

  const timestamp = find(settings.timestampColumn, 'timestamp_column');
  const labels = settings.labelColumns.map((name) => ({ index: find(name, 'label_columns'), label: legalName(name) }));
  const taken = new Set([timestamp, ...labels.map(({ index }) => index)]);
  const indexes =
    settings.valueColumns?.map((name) => find(name, 'value_columns')) ??
    names.flatMap((name, index) => (taken.has(index) || name === '' ? [] : [index]));
  if (indexes.length === 0) {
    throw malformed(file, 1, 'no column is left for values: a row needs a timestamp and at least one value');
  }
  const values = indexes.map((index) => ({ index, column: names[index]!, metric: metricName(file, names[index]!) }));
  return { columns: names.length, timestamp, values, labels };
}

export function malformed(file: CsvFile, line: number, message: string, cause?: unknown): OpenAnomalyError {
  return new OpenAnomalyError('csv_malformed', `${file.path}:${line}: ${message}`, { cause });
}

/** A column that is only called `value` says nothing: its file's name does. */
function metricName(file: CsvFile, column: string): string {
  return legalName(column === 'value' ? file.name.split('/').at(-1)! : column);
}

/** The nearest name that every receiver takes. */
function legalName(name: string): string {
  const legal = name.replace(/[^a-zA-Z0-9_]/g, '_');
  return /^\d/.test(legal) ? `_${legal}` : legal;
}
