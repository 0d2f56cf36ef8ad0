import type { DecodedSamples } from './decoded-samples.ts';
import { BYTES, type FieldReader } from './field-reader.ts';

/** The same in both versions: samples are field 2 of a series, value and timestamp fields 1 and 2 of a sample. */
export const SAMPLES_TAG = (2 << 3) | BYTES;
const VALUE_TAG = (1 << 3) | 1;
const TIMESTAMP_TAG = 2 << 3;

/**
 * Where the samples of a series lie, found on the way to its labels: whether they are wanted is known only then, and of
 * most series they are not. Used again for each series, so that none makes an object.
 */
export class SampleFields {
  #first = 0;
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  /** A field with SAMPLES_TAG begins at `at`. */
  note(at: number): void {
    if (this.#count++ === 0) this.#first = at;
  }

  /**
   * Reads the samples of the series that ends at `to`, or only counts them where `mark` is 0. Exemplars, histograms and
   * whatever else a series has are passed over.
   */
  read(reader: FieldReader, to: number, mark: number, into: DecodedSamples): void {
    into.total += this.#count;
    if (mark === 0 || this.#count === 0) return;
    reader.at = this.#first;
    while (reader.at < to) {
      const tag = reader.varint(to);
      if (tag === SAMPLES_TAG) readSample(reader, reader.length(to) + reader.at, mark, into);
      else reader.skip(tag, to);
    }
  }
}

function readSample(reader: FieldReader, end: number, mark: number, into: DecodedSamples): void {
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
