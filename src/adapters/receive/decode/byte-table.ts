const PAGE_BYTES = 256 * 1024;
const FREE = -1;
const FIRST_CAPACITY = 1024;
const NOWHERE = -1;

/**
 * Numbers byte strings: the first that is seen is 0, the next one that differs is 1, and so on. The bytes are kept, in
 * large pages, so that a number never stands for two strings; some twenty bytes beside them, and no object, are what a
 * string costs.
 */
export class ByteTable {
  #capacity = FIRST_CAPACITY;
  /** Number by hash, open addressing. */
  #slots = new Int32Array(2 * FIRST_CAPACITY).fill(FREE);
  #hashes = new Int32Array(FIRST_CAPACITY);
  #pageOf = new Int32Array(FIRST_CAPACITY);
  #startOf = new Int32Array(FIRST_CAPACITY);
  #lengthOf = new Int32Array(FIRST_CAPACITY);
  /** What came after each string the last time: senders tell their series in the same order again and again. */
  #after = new Int32Array(FIRST_CAPACITY);
  #last = 0;
  #matched = 0;
  #matchedAt = NOWHERE;
  #pages: DataView[] = [];
  /** Bytes used of the last page. */
  #used = 0;
  #size = 0;

  /** Strings that have a number. */
  get size(): number {
    return this.#size;
  }

  /** The number of the bytes in [from, to) of `view`; they get one when they have none, and `size` is one more then. */
  numberOf(view: DataView, from: number, to: number): number {
    const isMatched = from === this.#matchedAt && to - from === this.#lengthOf[this.#matched];
    const number = isMatched ? this.#matched : this.#find(view, from, to);
    this.#matchedAt = NOWHERE;
    this.#after[this.#last] = number;
    this.#last = number;
    return number;
  }

  /**
   * Length of the string that came after the one before the last time, if it begins at `from` and ends before `end`; 0
   * otherwise. If it is the string that `numberOf` is asked for next, of the same view, it is not looked at again.
   */
  matchNext(view: DataView, from: number, end: number): number {
    this.#matchedAt = NOWHERE;
    if (this.#size === 0) return 0;
    const number = this.#after[this.#last]!;
    const length = this.#lengthOf[number]!;
    if (from + length > end || !this.#equals(number, view, from, from + length)) return 0;
    this.#matched = number;
    this.#matchedAt = from;
    return length;
  }

  #find(view: DataView, from: number, to: number): number {
    const hash = hashOf(view, from, to);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]!;
      if (number === FREE) return this.#add(hash, slot, view, from, to);
      if (this.#hashes[number] === hash && this.#equals(number, view, from, to)) return number;
    }
  }

  clear(): void {
    this.#size = 0;
    this.#last = 0;
    this.#matchedAt = NOWHERE;
    this.#pages = [];
    this.#used = 0;
    this.#slots.fill(FREE);
  }

  #equals(number: number, view: DataView, from: number, to: number): boolean {
    const length = to - from;
    if (this.#lengthOf[number] !== length) return false;
    const page = this.#pages[this.#pageOf[number]!]!;
    const start = this.#startOf[number]!;
    const words = length & ~3;
    // From the end: label sets that differ begin alike.
    for (let i = length - 1; i >= words; i--) if (page.getUint8(start + i) !== view.getUint8(from + i)) return false;
    for (let i = words - 4; i >= 0; i -= 4)
      if (page.getInt32(start + i, true) !== view.getInt32(from + i, true)) return false;
    return true;
  }

  #add(hash: number, slot: number, view: DataView, from: number, to: number): number {
    const number = this.#size++;
    const length = to - from;
    const isOwnPage = length > PAGE_BYTES;
    if (isOwnPage || this.#pages.length === 0 || this.#used + length > PAGE_BYTES) {
      this.#pages.push(new DataView(new ArrayBuffer(Math.max(length, PAGE_BYTES))));
      this.#used = 0;
    }
    const page = this.#pages.at(-1)!;
    new Uint8Array(page.buffer).set(new Uint8Array(view.buffer, view.byteOffset + from, length), this.#used);
    if (number === this.#capacity) this.#grow();
    this.#hashes[number] = hash;
    this.#pageOf[number] = this.#pages.length - 1;
    this.#startOf[number] = this.#used;
    this.#lengthOf[number] = length;
    // Not what a string of this number was followed by before everything was forgotten.
    this.#after[number] = 0;
    this.#used = isOwnPage ? PAGE_BYTES : this.#used + length;
    if (2 * this.#size <= this.#slots.length) this.#slots[slot] = number;
    else this.#rehash();
    return number;
  }

  #grow(): void {
    this.#capacity *= 2;
    const larger = (numbers: Int32Array) => {
      const copy = new Int32Array(this.#capacity);
      copy.set(numbers);
      return copy;
    };
    this.#hashes = larger(this.#hashes);
    this.#pageOf = larger(this.#pageOf);
    this.#startOf = larger(this.#startOf);
    this.#lengthOf = larger(this.#lengthOf);
    this.#after = larger(this.#after);
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(FREE);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.#size; number++) {
      let slot = this.#hashes[number]! & mask;
      while (this.#slots[slot] !== FREE) slot = (slot + 1) & mask;
      this.#slots[slot] = number;
    }
  }
}

/** Four bytes at a time; what is alike is told apart by the bytes themselves. */
function hashOf(view: DataView, from: number, to: number): number {
  let hash = to - from;
  const words = from + ((to - from) & ~3);
  for (let at = from; at < words; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (let at = words; at < to; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
