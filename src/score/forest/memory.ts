/** Bytes of columns one after the other, in the byte order of the machine. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Puts the first bytes into columns; answers what is behind them. Throws RangeError when there are too few. */
export function takeBytes(bytes: Uint8Array, columns: readonly ArrayBufferView[]): Uint8Array {
  let at = 0;
  for (const column of columns) {
    if (at + column.byteLength > bytes.length) throw new RangeError('the memory of a series is too short');
    bytesOf(column).set(bytes.subarray(at, at + column.byteLength));
    at += column.byteLength;
  }
  return bytes.subarray(at);
}

export function bytesOf(column: ArrayBufferView): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
