import snappy from 'snappyjs';
import type { RemoteWriteSettings } from '../../../settings/settings.ts';
import { ByteBuffer } from '../../../wire/remote-write/byte-buffer.ts';
import type { SampleColumns } from '../../../wire/remote-write/columns.ts';
import { encodeWriteRequest } from '../../../wire/remote-write/v1.ts';
import { RequestEncoder } from '../../../wire/remote-write/v2.ts';

export interface WireRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Compressed. */
  readonly body: Uint8Array;
}

/** A blank after the semicolon would have Prometheus read a 2.0 message as 1.0, and lose it. */
const PROTOCOL_HEADERS = {
  1: { 'content-type': 'application/x-protobuf', 'x-prometheus-remote-write-version': '0.1.0' },
  2: {
    'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': '2.0.0',
  },
} as const;

/** Makes requests of either version with buffers that are used again: nothing of one request outlives its compression. */
export class RequestMaker {
  readonly #headers: Readonly<Record<string, string>>;
  readonly #buffer = new ByteBuffer(65_536);
  readonly #encoder = new RequestEncoder();

  constructor(settings: Pick<RemoteWriteSettings, 'headers'>) {
    const entries = Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    this.#headers = Object.fromEntries(entries);
  }

  make(columns: SampleColumns, ask: { readonly protocol: 1 | 2; readonly retryAttempt: number }): WireRequest {
    this.#buffer.clear();
    if (ask.protocol === 1) encodeWriteRequest(columns, this.#buffer);
    else this.#encoder.encode(columns, this.#buffer);
    return {
      headers: {
        ...this.#headers,
        'content-encoding': 'snappy',
        ...PROTOCOL_HEADERS[ask.protocol],
        ...(ask.retryAttempt > 0 && { 'retry-attempt': String(ask.retryAttempt) }),
      },
      body: snappy.compress(this.#buffer.written()),
    };
  }
}
