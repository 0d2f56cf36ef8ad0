import { SAMPLES_TAG, SampleFields } from './decode-series.ts';
import type { DecodedSamples } from './decoded-samples.ts';
import { BYTES, type FieldReader } from './field-reader.ts';
import { MalformedMessage } from './malformed.ts';

const SYMBOLS_TAG = (4 << 3) | BYTES;
const TIMESERIES_TAG = (5 << 3) | BYTES;
const REFS_TAG = (1 << 3) | BYTES;
/** Not packed: a sender may write one reference a field. */
const REF_TAG = 1 << 3;

/** Says what texts and label sets are known by. */
export interface SymbolMarks {
  /** Number of a text that lies in [from, to) of the message; the same for the same text in later messages. */
  ofSymbol(message: DataView, from: number, to: number): number;
  /** Of a label set by the numbers of its names and values, in turn; 0: its samples are of no interest. */
  ofSymbols(numbers: Int32Array, count: number): number;
}

/** Reads Requests of remote write 2.0. Throws MalformedMessage; what was read so far does not count then. */
export class RequestDecoder {
  /** Numbers of the symbols of the message, in its order. */
  #symbols = new Int32Array(1024);
  #symbolCount = 0;
  #pair = new Int32Array(64);
  readonly #samples = new SampleFields();

  decode(reader: FieldReader, marks: SymbolMarks, into: DecodedSamples): void {
    this.#readSymbols(reader, marks);
    reader.at = 0;
    const end = reader.bytes.length;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag !== TIMESERIES_TAG) {
        reader.skip(tag, end);
        continue;
      }
      const to = reader.length(end) + reader.at;
      const count = this.#readRefs(reader, to);
      this.#samples.read(reader, to, marks.ofSymbols(this.#pair, count), into);
      reader.at = to;
    }
  }

  /** Symbols may stand behind the series that refer to them. */
  #readSymbols(reader: FieldReader, marks: SymbolMarks): void {
    const end = reader.bytes.length;
    this.#symbolCount = 0;
    while (reader.at < end) {
      const tag = reader.varint(end);
      if (tag !== SYMBOLS_TAG) {
        reader.skip(tag, end);
        continue;
      }
      const to = reader.length(end) + reader.at;
      if (this.#symbolCount === this.#symbols.length) this.#symbols = doubled(this.#symbols);
      this.#symbols[this.#symbolCount++] = marks.ofSymbol(reader.view, reader.at, to);
      reader.at = to;
    }
  }

  /** Puts the numbers of the series' label texts into #pair and answers how many; notes where its samples are. */
  #readRefs(reader: FieldReader, to: number): number {
    let count = 0;
    this.#samples.clear();
    while (reader.at < to) {
      const at = reader.at;
      const tag = reader.varint(to);
      if (tag === SAMPLES_TAG) this.#samples.note(at);
      if (tag !== REFS_TAG && tag !== REF_TAG) {
        reader.skip(tag, to);
        continue;
      }
      if (tag === REF_TAG) {
        this.#setPair(count++, reader.varint(to));
        continue;
      }
      const end = reader.length(to) + reader.at;
      while (reader.at < end) this.#setPair(count++, reader.varint(end));
    }
    if (count % 2 !== 0) throw new MalformedMessage('remote write: a label name without a value');
    return count;
  }

  #setPair(at: number, ref: number): void {
    if (ref < 0 || ref >= this.#symbolCount) throw new MalformedMessage(`remote write: no symbol ${ref}`);
    if (at === this.#pair.length) this.#pair = doubled(this.#pair);
    this.#pair[at] = this.#symbols[ref]!;
  }
}

function doubled(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
