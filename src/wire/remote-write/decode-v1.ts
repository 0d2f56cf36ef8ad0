import { SAMPLES_TAG, SampleFields } from './decode-series.ts';
import type { DecodedSamples } from './decoded-samples.ts';
import { BYTES, type FieldReader } from './field-reader.ts';
import { MalformedMessage } from './malformed.ts';

const TIMESERIES_TAG = (1 << 3) | BYTES;
const LABELS_TAG = (1 << 3) | BYTES;
const NAME_TAG = (1 << 3) | BYTES;
const VALUE_TAG = (2 << 3) | BYTES;

/** Says what label sets are known by. */
export interface LabelMarks {
  /**
   * Length of the `labels` fields that are expected to come next, where they lie at `from` and end before `to`; 0
   * otherwise. It spares reading them field by field; a series may still have more.
   */
  expected(message: DataView, from: number, to: number): number;
  /** By the `labels` fields of a series, as they lie in [from, to) of the message; 0: its samples are of no interest. */
  ofLabels(message: DataView, from: number, to: number): number;
}

/** Reads a WriteRequest of remote write 1.0. Throws MalformedMessage; what was read so far does not count then. */
export function decodeWriteRequest(reader: FieldReader, marks: LabelMarks, into: DecodedSamples): void {
  const end = reader.bytes.length;
  while (reader.at < end) {
    const tag = reader.varint(end);
    if (tag !== TIMESERIES_TAG) {
      reader.skip(tag, end);
      continue;
    }
    const to = reader.length(end) + reader.at;
    const from = reader.at;
    const labels = findLabels(reader, to, marks.expected(reader.view, from, to));
    samples.read(reader, to, marks.ofLabels(labels.view, labels.from, labels.to), into);
    reader.at = to;
  }
}

interface Stretch {
  view: DataView;
  from: number;
  to: number;
}

/** Used again for each series, so that none makes an object. */
const stretch: Stretch = { view: new DataView(new ArrayBuffer(0)), from: 0, to: 0 };
const samples = new SampleFields();

/**
 * Where the labels of the series lie, whose first `known` bytes are labels, and in `samples` where its samples are.
 * Labels come in one stretch, but a sender may write its fields in any order.
 */
function findLabels(reader: FieldReader, to: number, known: number): Stretch {
  const start = reader.at;
  reader.at += known;
  stretch.view = reader.view;
  stretch.from = start;
  stretch.to = reader.at;
  samples.clear();
  let fields = known > 0 ? 1 : 0;
  let isWhole = true;
  while (reader.at < to) {
    const at = reader.at;
    const tag = reader.varint(to);
    reader.skip(tag, to);
    if (tag === SAMPLES_TAG) samples.note(at);
    if (tag !== LABELS_TAG) continue;
    if (fields++ === 0) stretch.from = at;
    else if (at !== stretch.to) isWhole = false;
    stretch.to = reader.at;
  }
  return isWhole ? stretch : gathered(reader, start, to);
}

function gathered(reader: FieldReader, start: number, to: number): Stretch {
  const bytes = new Uint8Array(to - start);
  let length = 0;
  reader.at = start;
  while (reader.at < to) {
    const at = reader.at;
    const tag = reader.varint(to);
    reader.skip(tag, to);
    if (tag !== LABELS_TAG) continue;
    bytes.set(reader.bytes.subarray(at, reader.at), length);
    length += reader.at - at;
  }
  return { view: new DataView(bytes.buffer), from: 0, to: length };
}

/** The label pairs (name, value, name, value …) of `labels` fields, as they were written. */
export function readLabelFields(reader: FieldReader): string[] {
  const text = Buffer.from(reader.bytes.buffer, reader.bytes.byteOffset, reader.bytes.length);
  const pairs: string[] = [];
  const all = text.length;
  while (reader.at < all) {
    if (reader.varint(all) !== LABELS_TAG) throw new MalformedMessage('protobuf: no label');
    const end = reader.length(all) + reader.at;
    let name = '';
    let value = '';
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag !== NAME_TAG && tag !== VALUE_TAG) {
        reader.skip(tag, end);
        continue;
      }
      const to = reader.length(end) + reader.at;
      const part = text.toString('utf8', reader.at, to);
      if (tag === NAME_TAG) name = part;
      else value = part;
      reader.at = to;
    }
    pairs.push(name, value);
  }
  return pairs;
}
