import type { WriteAnswer } from './forwarder.ts';
import type { TsdbClient } from './tsdb-client.ts';

/** A request that was forwarded, and what the receiver said. */
export interface ForwardedWrite {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
  readonly answer: WriteAnswer;
}

/** Looks at what passes through the proxy, and keeps of it what pipelines will read. */
export interface SampleStreams extends AsyncDisposable {
  /** Takes a forwarded request to look at. Returns at once and never throws for what it holds; nobody may change `body` later. */
  look(write: ForwardedWrite): void;
  /**
   * Stands for what passes of a pipeline as if it were a data source. `past`, asked at each read, is where samples from
   * before the stream began are read; without it they are missing. Reads reject with `series_limit` above the limit.
   */
  source(pipeline: string, past: () => TsdbClient | undefined): TsdbClient;
}
