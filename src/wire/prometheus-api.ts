import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ApiAnswer } from './prometheus-api-answer.ts';
import { AnswerDecoder, type DecodeOptions } from './prometheus-api-decoder.ts';

/**
 * Most that is decoded before timers and other requests get a turn: half a millisecond of work, and a few milliseconds
 * in a process that has just started and is not yet compiled.
 */
const SLICE_BYTES = 64 * 1024;

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
