import { expect, it } from 'vitest';
import { DeskQueue, MOST_WAITING } from '../../../src/adapters/receive/decode/desk-queue.ts';

function request(bytes: number) {
  return { request: { version: '1.0', body: new Uint8Array(bytes), receivedMs: 0 } } as const;
}

function queue() {
  const dropped: number[] = [];
  return { dropped, queue: new DeskQueue((count) => dropped.push(count)) };
}

it('drops the oldest requests beyond its bytes', () => {
  const { dropped, queue: waiting } = queue();
  for (const bytes of [4, 3, 2]) waiting.push(request(bytes), 5);
  expect(dropped).toEqual([1]);
  expect(waiting.bytes).toBe(5);
  expect(waiting.shift()?.of).toHaveLength(2);
});

it('drops the oldest requests beyond their number, since empty ones have no bytes, and never who reads', () => {
  const { dropped, queue: waiting } = queue();
  const reader = { resolve() {}, reject() {} };
  const read = { message: { kind: 'begin', pipeline: 'a', startMs: 0, endMs: 0 }, reader } as const;
  waiting.push(read, 10);
  for (let i = 0; i < MOST_WAITING + 2; i++) waiting.push(request(0), 10);
  expect(dropped).toHaveLength(3);
  expect(waiting.shift()?.of).toEqual([read]);
  expect(waiting.drain()).toHaveLength(MOST_WAITING - 1);
});
