import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { DecodeDesk } from './desk.ts';
import type { ToDesk } from './messages.ts';

/** Niceness of looking at samples: what must not wait is that they are forwarded. */
const LOW_PRIORITY = 10;

// Linux sets this for the thread that asks; elsewhere it would be the whole process.
if (process.platform === 'linux') setPriority(LOW_PRIORITY);

const desk = new DecodeDesk(() => performance.now());

/** Entry of the thread that decodes: one answer for each message, in order. */
parentPort?.on('message', (message: ToDesk) => {
  const answer = desk.answer(message);
  parentPort?.postMessage(answer, answer.kind === 'block' ? [answer.values.buffer, answer.slots.buffer] : []);
});
