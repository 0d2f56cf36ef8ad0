import type { DecodedSamples } from './decoded-samples.ts';
import { BYTES, type FieldReader } from './field-reader.ts';

/** The same in both versions: samples are field 2 of a series, value and timestamp fields 1 and 2 of a sample. */
export const SAMPLES_TAG = (2 << 3) | BYTES;
const VALUE_TAG = (1 << 3) | 1;
const TIMESTAMP_TAG = 2 << 3;

/**
 * Reads the samples of the series in [from, to) of the reader's bytes, or only counts them where `mark` is 0. Exemplars,
 * histograms and whatever else a series has are passed over.
 */
export function readSamples(
  reader: FieldReader,
  { from, to, mark }: { readonly from: number; readonly to: number; readonly mark: number },
  into: DecodedSamples,
): void {
  reader.at = from;
  while (reader.at < to) {
    const tag = reader.varint(to);
    if (tag !== SAMPLES_TAG) {
      reader.skip(tag, to);
      continue;
    }
    const end = reader.length(to) + reader.at;
    into.total++;
    if (mark === 0) {
      reader.at = end;
      continue;
    }
    let value = 0;
    let timestampMs = 0;
    while (reader.at < end) {
      const field = reader.varint(end);
      if (field === VALUE_TAG) value = reader.double(end);
      else if (field === TIMESTAMP_TAG) timestampMs = reader.varint(end);
      else reader.skip(field, end);
    }
    into.push(mark, timestampMs, value);
  }
}
