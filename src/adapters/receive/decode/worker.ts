import { parentPort } from 'node:worker_threads';
import { lowerPriority } from '../../low-priority.ts';
import { DecodeDesk } from './desk.ts';
import type { FromDesk, ToDesk } from './messages.ts';
import { type PackedRequests, unpackRequests } from './packed-requests.ts';

// What must not wait is that samples are forwarded, not that they are looked at.
lowerPriority();

const desk = new DecodeDesk(() => performance.now());

export type ToThread = Exclude<ToDesk, { readonly kind: 'requests' }> | PackedRequests;

export interface FromThread {
  readonly answer: FromDesk;
  /** Of the requests, which were looked at. */
  readonly memory?: ArrayBuffer;
}

/** Entry of the thread that decodes: one answer for each message, in order. */
parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'packed') {
    const memory = message.bytes.buffer;
    const answer = desk.answer({ kind: 'requests', requests: unpackRequests(message) });
    parentPort?.postMessage({ answer, memory } satisfies FromThread, [memory]);
    return;
  }
  const answer = desk.answer(message);
  const transferred = answer.kind === 'block' ? [answer.values.buffer, answer.slots.buffer] : [];
  parentPort?.postMessage({ answer } satisfies FromThread, transferred);
});
