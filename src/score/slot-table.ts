/** Numbers a slot has of each kind. */
export interface SlotWidths {
  readonly doubles: number;
  readonly floats: number;
  readonly words: number;
  readonly bytes: number;
}

const FIRST_SLOTS = 16;
const GROWTH = 1.5;

/**
 * The memory of many series in four columns, a row of fixed width a slot: float64 for values of the series, float32
 * for what is learnt of them, uint16 and uint8 for codes and counts. Rows are addressed by `slot * width`. The columns
 * are replaced when they grow: hold none of them over an `add`.
 */
export class SlotTable {
  readonly widths: SlotWidths;
  doubles = new Float64Array(0);
  floats = new Float32Array(0);
  words = new Uint16Array(0);
  small = new Uint8Array(0);
  #slots = 0;

  constructor(widths: SlotWidths) {
    this.widths = widths;
  }

  /** Bytes held, room for slots to come included. */
  get bytes(): number {
    return this.doubles.byteLength + this.floats.byteLength + this.words.byteLength + this.small.byteLength;
  }

  /** Makes room for a slot and zeroes its row. */
  add(slot: number): void {
    if (slot >= this.#slots) this.#grow(Math.max(slot + 1, FIRST_SLOTS, Math.ceil(this.#slots * GROWTH)));
    for (const { column, width } of this.#columns()) column.fill(0, slot * width, (slot + 1) * width);
  }

  /** The row as bytes, in the byte order of the machine. */
  exportRow(slot: number): Uint8Array {
    const row = new Uint8Array(this.#rowBytes());
    let at = 0;
    for (const { column, width } of this.#columns()) {
      const part = column.subarray(slot * width, (slot + 1) * width);
      row.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
      at += part.byteLength;
    }
    return row;
  }

  /** Takes back a row; answers the bytes that follow it. A row of another width throws RangeError. */
  importRow(slot: number, bytes: Uint8Array): Uint8Array {
    if (bytes.length < this.#rowBytes()) throw new RangeError('the memory of a series is too short');
    let at = 0;
    for (const { column, width } of this.#columns()) {
      const part = column.subarray(slot * width, (slot + 1) * width);
      new Uint8Array(part.buffer, part.byteOffset, part.byteLength).set(bytes.subarray(at, at + part.byteLength));
      at += part.byteLength;
    }
    return bytes.subarray(at);
  }

  #columns() {
    const { doubles, floats, words, bytes } = this.widths;
    return [
      { column: this.doubles, width: doubles },
      { column: this.floats, width: floats },
      { column: this.words, width: words },
      { column: this.small, width: bytes },
    ];
  }

  #rowBytes(): number {
    const { doubles, floats, words, bytes } = this.widths;
    return 8 * doubles + 4 * floats + 2 * words + bytes;
  }

  #grow(slots: number): void {
    const { doubles, floats, words, bytes } = this.widths;
    const before = { doubles: this.doubles, floats: this.floats, words: this.words, small: this.small };
    this.doubles = new Float64Array(slots * doubles);
    this.floats = new Float32Array(slots * floats);
    this.words = new Uint16Array(slots * words);
    this.small = new Uint8Array(slots * bytes);
    this.doubles.set(before.doubles);
    this.floats.set(before.floats);
    this.words.set(before.words);
    this.small.set(before.small);
    this.#slots = slots;
  }
}
