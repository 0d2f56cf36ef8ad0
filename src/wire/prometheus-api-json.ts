export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
const BACKSLASH = 0x5c;

/** The first byte at or after `from` that is no white space; `bytes.length` when there is none. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at]!)) at++;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Whether a JSON value may start with this byte. */
export function startsValue(byte: number): boolean {
  if (byte === QUOTE || byte === OPEN_OBJECT || byte === OPEN_LIST || byte === 0x2d) return true;
  // A digit, or the first letter of true, false and null.
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x74 || byte === 0x66 || byte === 0x6e;
}

/** The end of the value that starts at `from`, or −1 when the window ends before that is certain. */
export function endOfValue(bytes: Uint8Array, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return endOfString(bytes, from + 1);
  if (first !== OPEN_OBJECT && first !== OPEN_LIST) {
    for (let at = from + 1; at < bytes.length; at++) if (endsScalar(bytes[at]!)) return at;
    return -1;
  }
  let depth = 1;
  for (let at = from + 1; at < bytes.length; ) {
    const byte = bytes[at++]!;
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      if (at < 0) return -1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --depth === 0) return at;
  }
  return -1;
}

/** The place after the closing quote of a string whose text starts at `from`; −1 when it is not in the window. */
function endOfString(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_LIST || isSpace(byte);
}

/** Passes over one JSON value, however many windows it spans. What is inside is balanced, not checked. */
export class ValueSkipper {
  done = false;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inScalar = false;

  begin(): void {
    this.done = false;
    this.#depth = 0;
    this.#inString = false;
    this.#escaped = false;
    this.#inScalar = false;
  }

  /** Answers how far it came: just after the value when `done`, else the end of the window. */
  skip(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#inString) {
        at = this.#skipString(bytes, at);
        if (!this.#inString && this.#depth === 0) return this.#end(at);
        continue;
      }
      const byte = bytes[at]!;
      if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth++;
      else if (this.#depth === 0) {
        if (this.#inScalar && endsScalar(byte)) return this.#end(at);
        this.#inScalar = true;
      } else if ((byte === CLOSE_OBJECT || byte === CLOSE_LIST) && --this.#depth === 0) return this.#end(at + 1);
      at++;
    }
    return at;
  }

  #end(at: number): number {
    this.done = true;
    return at;
  }

  #skipString(bytes: Uint8Array, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    while (at < bytes.length) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#inString = false;
        return at + 1;
      }
      if (byte === BACKSLASH && at + 1 === bytes.length) this.#escaped = true;
      at += byte === BACKSLASH ? 2 : 1;
    }
    return bytes.length;
  }
}
