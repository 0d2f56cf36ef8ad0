import { type Labels, labelsFromRecord } from '../../../series/labels.ts';
import { type LabelMarks, readLabelFields } from '../../../wire/remote-write/decode-v1.ts';
import type { SymbolMarks } from '../../../wire/remote-write/decode-v2.ts';
import { FieldReader } from '../../../wire/remote-write/field-reader.ts';
import { ByteTable } from './byte-table.ts';

/** A mark that was not decided yet. */
const UNKNOWN = -1;

/**
 * Remembers what each distinct series is known by, so that its labels are read once and not at each sample. Beyond its
 * bound everything is forgotten and looked at anew.
 */
export class SeriesTable implements LabelMarks, SymbolMarks {
  readonly #maxSeries: number;
  readonly #markOf: (labels: Labels) => number;
  /** Of 1.0: series by their encoded labels. */
  readonly #encoded = new Marks();
  /** Of 2.0: texts by their bytes, series by the numbers of their texts. */
  readonly #texts = new ByteTable();
  readonly #textOf: string[] = [];
  readonly #numbered = new Marks();
  readonly #reader = new FieldReader();
  #key = new DataView(new ArrayBuffer(256));

  /** `markOf` is asked once for each series; 0 says that its samples are of no interest. */
  constructor(maxSeries: number, markOf: (labels: Labels) => number) {
    this.#maxSeries = maxSeries;
    this.#markOf = markOf;
  }

  get size(): number {
    return this.#encoded.size + this.#numbered.size;
  }

  /** To be called between requests: numbers of texts hold within one. Answers whether everything was forgotten. */
  keepBound(): boolean {
    const isOver = this.size > this.#maxSeries || this.#texts.size > 2 * this.#maxSeries;
    if (isOver) this.clear();
    return isOver;
  }

  clear(): void {
    this.#encoded.clear();
    this.#numbered.clear();
    this.#texts.clear();
    this.#textOf.length = 0;
  }

  expected(message: DataView, from: number, to: number): number {
    return this.#encoded.matchNext(message, from, to);
  }

  ofLabels(message: DataView, from: number, to: number): number {
    const known = this.#encoded.find(message, from, to);
    if (known !== UNKNOWN) return known;
    this.#reader.use(new Uint8Array(message.buffer, message.byteOffset + from, to - from));
    return this.#encoded.set(this.#markOf(labelsOf(readLabelFields(this.#reader))));
  }

  ofSymbol(message: DataView, from: number, to: number): number {
    const number = this.#texts.numberOf(message, from, to);
    if (number === this.#textOf.length)
      this.#textOf.push(Buffer.from(message.buffer, message.byteOffset + from, to - from).toString());
    return number;
  }

  ofSymbols(numbers: Int32Array, count: number): number {
    if (4 * count > this.#key.byteLength) this.#key = new DataView(new ArrayBuffer(8 * count));
    for (let i = 0; i < count; i++) this.#key.setInt32(4 * i, numbers[i]!);
    const known = this.#numbered.find(this.#key, 0, 4 * count);
    if (known !== UNKNOWN) return known;
    const pairs = Array.from({ length: count }, (_, i) => this.#textOf[numbers[i]!]!);
    return this.#numbered.set(this.#markOf(labelsOf(pairs)));
  }
}

/** A mark for each byte string. */
class Marks {
  readonly #numbers = new ByteTable();
  #marks = new Int32Array(1024);
  #last = 0;

  get size(): number {
    return this.#numbers.size;
  }

  matchNext(view: DataView, from: number, end: number): number {
    return this.#numbers.matchNext(view, from, end);
  }

  /** UNKNOWN when the string was not seen before; then `set` is to follow. */
  find(view: DataView, from: number, to: number): number {
    const before = this.#numbers.size;
    const number = this.#numbers.numberOf(view, from, to);
    if (number < before) return this.#marks[number]!;
    this.#last = number;
    return UNKNOWN;
  }

  set(mark: number): number {
    if (this.#last >= this.#marks.length) {
      const larger = new Int32Array(this.#marks.length * 2);
      larger.set(this.#marks);
      this.#marks = larger;
    }
    this.#marks[this.#last] = mark;
    return mark;
  }

  clear(): void {
    this.#numbers.clear();
  }
}

function labelsOf(pairs: readonly string[]): Labels {
  const record: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) record[pairs[i]!] = pairs[i + 1]!;
  return labelsFromRecord(record);
}
