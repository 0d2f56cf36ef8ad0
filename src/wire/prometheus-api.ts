import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Labels } from '../series/labels.ts';
import { AnswerDecoder } from './prometheus-api-decoder.ts';
import type { LabelCache } from './prometheus-api-labels.ts';
import type { SeriesSamples } from './prometheus-api-samples.ts';

/** What an answer of /api/v1/query or /api/v1/query_range says beside its samples. */
export interface ApiAnswer {
  readonly status: 'success' | 'error';
  /** With `error`: `bad_data`, `execution`, `timeout` …, or a status code as text (VictoriaMetrics). */
  readonly errorType: string | undefined;
  readonly error: string | undefined;
  /** `matrix`, `vector`, `scalar` or `string`; only the first two have series. */
  readonly resultType: string | undefined;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Some storage nodes did not answer (VictoriaMetrics cluster). */
  readonly isPartial: boolean;
  /** Series with float samples. */
  readonly series: number;
  /** Series with native histograms and no float sample. */
  readonly histograms: number;
  readonly samples: number;
  readonly bytes: number;
}

export interface DecodeOptions {
  readonly labels: LabelCache;
  /**
   * Takes a series and its float samples in the order of the answer; NaN and infinities are values like others. The
   * columns are used again for the next series. What it throws ends the decoding.
   */
  readonly take: (labels: Labels, samples: SeriesSamples) => void;
}

/** Most that is decoded before timers and other requests get a turn: a few milliseconds of work. */
const SLICE_BYTES = 256 * 1024;

/**
 * Decodes an answer while it arrives; of its text never more is held than the piece that just came. Rejects with
 * `query_answer_malformed` for a body that is cut off or no answer of that API, and with what the body rejects with.
 * An answer of status `error` is an answer: the caller knows what it means.
 */
export async function decodeAnswer(body: AsyncIterable<Uint8Array>, options: DecodeOptions): Promise<ApiAnswer> {
  const decoder = new AnswerDecoder(options);
  let sinceTurn = 0;
  for await (const chunk of body) {
    for (let from = 0; from < chunk.length; from += SLICE_BYTES) {
      const slice = chunk.subarray(from, from + SLICE_BYTES);
      decoder.feed(slice);
      sinceTurn += slice.length;
      if (sinceTurn >= SLICE_BYTES) {
        sinceTurn = 0;
        await nextTurn();
      }
    }
  }
  return decoder.finish();
}
