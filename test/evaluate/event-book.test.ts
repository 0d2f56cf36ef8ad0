import { expect, test } from 'vitest';
import { anomalyId, EventBook } from '../../src/evaluate/event-book.ts';
import { decodeEvents, encodeEvents } from '../../src/evaluate/event-snapshot.ts';
import type { AnomalyEvent } from '../../src/ports/event-log.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';

const MINUTE_MS = 60_000;

function opening(startMs: number, { pipeline = 'p', group = 'g', instance = 'a', score = 2 } = {}) {
  return {
    pipeline,
    group,
    labels: labelsFromRecord({ instance, pipeline }),
    technique: 'tail',
    direction: 'above' as const,
    startMs,
    peak: peak(startMs, score),
  };
}

const peak = (timestampMs: number, score: number) => ({
  timestampMs,
  score,
  value: score * 10,
  expected: 5,
  lower: Number.NEGATIVE_INFINITY,
  upper: 9,
  view: 'spike',
});

const idOf = (startMs: number, instance = 'a', pipeline = 'p') =>
  anomalyId(pipeline, labelsFromRecord({ instance, pipeline }), startMs);

function logging() {
  const lines: [string, AnomalyEvent][] = [];
  const book = new EventBook({
    log: { write: (moment, event) => lines.push([moment, event]), async [Symbol.asyncDispose]() {} },
  });
  return { book, lines };
}

test('an anomaly keeps its highest sample and ends with its last', () => {
  const { book, lines } = logging();
  book.opened(opening(0));
  book.continued(idOf(0), peak(MINUTE_MS, 5), 'above');
  book.continued(idOf(0), peak(2 * MINUTE_MS, 3), 'above');
  // The way back is as steep, and no part of how high it went.
  book.continued(idOf(0), peak(3 * MINUTE_MS, 9), 'below');
  expect(book.list()).toMatchObject([{ ending: undefined, lastMs: 3 * MINUTE_MS, peak: { score: 5, value: 50 } }]);
  book.closed(idOf(0), 3 * MINUTE_MS, 'recovered');
  expect(book.list()).toMatchObject([{ ending: 'recovered', startMs: 0, lastMs: 3 * MINUTE_MS, peak: { score: 5 } }]);
  expect(
    lines.map(
      ([
        moment,
        {
          peak: { score },
        },
      ]) => [moment, score],
    ),
  ).toEqual([
    ['opened', 2],
    ['closed', 5],
  ]);
});

test('samples that are scored again make no second anomaly', () => {
  const { book, lines } = logging();
  for (let run = 0; run < 2; run++) {
    book.opened(opening(0));
    book.closed(idOf(0), MINUTE_MS, 'recovered');
  }
  expect(book.list()).toHaveLength(1);
  book.opened(opening(0));
  book.opened(opening(0));
  expect(book.list()).toMatchObject([{ ending: undefined }]);
  expect(lines.filter(([moment]) => moment === 'opened')).toHaveLength(1);
});

test('ids tell pipelines, series and starts apart, and are the same at any time', () => {
  const ids = [idOf(0), idOf(1), idOf(0, 'b'), idOf(0, 'a', 'q')];
  expect(new Set(ids).size).toBe(4);
  expect(idOf(0)).toBe(ids[0]);
  expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
});

test('is asked by pipeline, group, labels, time, and for what is open', () => {
  const { book } = logging();
  book.opened(opening(0, { instance: 'a' }));
  book.closed(idOf(0, 'a'), 10 * MINUTE_MS, 'recovered');
  book.opened(opening(20 * MINUTE_MS, { instance: 'b' }));
  book.opened(opening(30 * MINUTE_MS, { pipeline: 'q', group: 'h' }));
  const starts = (filter: Parameters<EventBook['list']>[0]) =>
    book.list(filter).map(({ startMs }) => startMs / MINUTE_MS);
  expect(starts({})).toEqual([30, 20, 0]);
  expect(starts({ pipeline: 'p' })).toEqual([20, 0]);
  expect(starts({ group: 'h' })).toEqual([30]);
  expect(starts({ openOnly: true })).toEqual([30, 20]);
  expect(starts({ untilMs: 20 * MINUTE_MS })).toEqual([20, 0]);
  expect(starts({ sinceMs: 10 * MINUTE_MS })).toEqual([30, 20, 0]);
  expect(starts({ sinceMs: 10 * MINUTE_MS + 1 })).toEqual([30, 20]);
  expect(starts({ matches: (labels) => labels.key.includes('b') })).toEqual([20]);
});

test('memory is bounded by those that are over, the oldest end goes first', () => {
  const book = new EventBook({ mostClosed: 3 });
  book.opened(opening(0, { instance: 'open' }));
  for (let i = 1; i <= 5; i++) {
    book.opened(opening(i * MINUTE_MS));
    book.closed(idOf(i * MINUTE_MS), i * MINUTE_MS, 'recovered');
  }
  expect(book.list().map(({ startMs }) => startMs / MINUTE_MS)).toEqual([5, 4, 3, 0]);
});

test('what is open of a pipeline ends with it, but for what stays', () => {
  const { book } = logging();
  book.opened(opening(0, { instance: 'a' }));
  book.opened(opening(0, { instance: 'b' }));
  book.opened(opening(0, { pipeline: 'q' }));
  book.closeAll('p', 'pipeline_ended', (id) => id === idOf(0, 'b'));
  expect(book.list({ openOnly: true }).map(({ id }) => id)).toEqual(
    expect.arrayContaining([idOf(0, 'b'), idOf(0, 'a', 'q')]),
  );
  expect(book.list({ pipeline: 'p' })).toHaveLength(2);
});

test('a snapshot brings back the same anomalies, infinities included, and writes no lines', () => {
  const { book } = logging();
  book.opened(opening(0, { instance: 'a' }));
  book.closed(idOf(0), MINUTE_MS, 'series_ended');
  book.opened(opening(MINUTE_MS, { instance: 'b' }));
  const bytes = Buffer.concat([...encodeEvents(book.all())]);
  const restored = logging();
  restored.book.restore(decodeEvents(bytes));
  expect(restored.book.list()).toEqual(book.list());
  expect(restored.lines).toEqual([]);
  expect(() => decodeEvents(Buffer.from('no json'))).toThrow('snapshot of anomalies cannot be read');
});
