import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../support/clock.ts';
import { randomOf } from '../../../support/random.ts';
import { type ReceivedSample, type ScriptedAnswer, startReceiver, written } from '../../../support/receiver.ts';
import { evaluation, lookAhead, openTestRemoteWrite, scoredStep, testSeries } from '../../../support/remote-write.ts';

const T = 1_790_000_000_000;
const MINUTES = 60_000;
const OUT_OF_ORDER: ScriptedAnswer = { status: 400, body: 'out of order sample\n' };

const clock = new FakeClock(T);
const seriesOf = (samples: readonly ReceivedSample[]) => samples.map(({ series }) => series).sort();

describe('retries', () => {
  it('send the same samples again after 5xx, network errors and time-outs, with their number', async () => {
    const troubles: ScriptedAnswer[] = [
      { status: 500, body: 'boom' },
      { status: 503 },
      { status: 200, hangUp: true },
      { status: 204, delayMs: 400 },
    ];
    await using receiver = await startReceiver((_request, i) => troubles[i] ?? { status: 204 });
    await using remote = openTestRemoteWrite({ url: receiver.url, clock, settings: { remoteTimeoutMs: 200 } });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.requests.length === 5);
    expect(receiver.requests.map(({ headers }) => headers['retry-attempt'])).toEqual([undefined, '1', '2', '3', '4']);
    for (const { samples } of receiver.requests) expect(samples).toEqual(receiver.requests[0]!.samples);
    await remote.publisher.close(10_000);
    expect(receiver.breaches).toEqual([]);
  });

  it('count the samples once as sent and each time as retried', async () => {
    await using receiver = await startReceiver((_request, i) => ({ status: i < 2 ? 500 : 204 }));
    await using remote = openTestRemoteWrite({ url: receiver.url, clock });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.stored.length === 6);
    expect(await remote.metric('samples_retried_total')).toBe(12);
    await expect.poll(() => remote.metric('samples_total')).toBe(6);
    expect(await remote.metric('samples_failed_total')).toBe(0);
    expect(await remote.metric('queue_highest_sent_timestamp_seconds')).toBe(T / 1000);
  });

  it('end for errors that Prometheus calls 500 although they are about the samples', async () => {
    await using receiver = await startReceiver((request) =>
      request.samples.some(({ labels }) => labels['__name__'] === 'openanomaly_score')
        ? { status: 500, body: 'too old sample' }
        : { status: 204 },
    );
    await using remote = openTestRemoteWrite({ url: receiver.url, clock });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.stored.length === 5);
    await expect.poll(() => remote.metric('samples_failed_total')).toBe(1);
    await expect.poll(() => remote.metric('samples_pending')).toBe(0);
  });

  it('wait as Retry-After says rather than by their own backoff', async () => {
    await using receiver = await startReceiver((_request, i) =>
      i === 0 ? { status: 503, headers: { 'Retry-After': '0' } } : { status: 204 },
    );
    const anHour = { minBackoffMs: 60 * MINUTES, maxBackoffMs: 60 * MINUTES };
    await using remote = openTestRemoteWrite({ url: receiver.url, clock, queue: anHour });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.stored.length === 6);
    expect(receiver.requests).toHaveLength(2);
  });

  it.each([
    ['dropped', false, 1],
    ['sent again when enabled', true, 2],
  ])('429 is %s', async (_name, retryOnHttp429, requests) => {
    await using receiver = await startReceiver((_request, i) => ({ status: i === 0 ? 429 : 204 }));
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { retryOnHttp429 } });
    remote.publisher.publish(evaluation(T));
    await remote.publisher.close(10_000);
    expect(receiver.requests).toHaveLength(requests);
  });

  it.each([400, 401, 404, 409, 422])('never come after %d, and the next samples go their way', async (status) => {
    await using receiver = await startReceiver((_request, i) => (i === 0 ? { status, body: 'no' } : { status: 204 }));
    await using remote = openTestRemoteWrite({ url: receiver.url, clock });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.requests.length === 1);
    remote.publisher.publish(evaluation(T + MINUTES));
    await receiver.until(() => receiver.requests.length === 2);
    expect(new Set(receiver.stored.map(({ timestampMs }) => timestampMs))).toEqual(new Set([T + MINUTES]));
    expect(await remote.metric('samples_failed_total')).toBe(6);
  });

  it('log the answer as it came, cut after 1 KiB', async () => {
    const body = `no such tenant ${'x'.repeat(2000)}`;
    await using receiver = await startReceiver(() => ({ status: 422, body }));
    const remote = openTestRemoteWrite({ url: receiver.url, clock });
    remote.publisher.publish(evaluation(T));
    await remote.publisher.close(10_000);
    const line = remote.lines.find(({ level }) => level === 'error');
    expect(line?.fields).toMatchObject({ err: `HTTP 422: ${body.slice(0, 1024)}`, refused: 6 });
  });
});

describe('a refused batch', () => {
  it('is halved until the good samples are stored', async () => {
    const bad = new Set(['i17', 'i400']);
    await using receiver = await startReceiver((request) =>
      request.samples.some(({ labels }) => bad.has(labels['instance']!)) ? OUT_OF_ORDER : { status: 204 },
    );
    await using remote = openTestRemoteWrite({ url: receiver.url, clock });
    const step = { ...scoredStep(T, Array(500).fill(1)) };
    const only = Float64Array.from({ length: 500 }, () => Number.NaN);
    const series = testSeries(500);
    const steps = [{ ...step, value: only, expected: only, lower: only, upper: only, anomaly: only }];
    remote.publisher.publish(evaluation(T, { series, steps }));
    await receiver.until(() => receiver.stored.length === 498);
    await expect.poll(() => remote.metric('samples_failed_total')).toBe(2);
    expect(await remote.metric('samples_total')).toBe(498);
    expect(receiver.breaches).toEqual([]);

    const before = receiver.requests.length;
    const later = steps.map((one) => ({ ...one, timestampMs: T + MINUTES }));
    remote.publisher.publish(evaluation(T + MINUTES, { series, steps: later }));
    await receiver.until(() => receiver.stored.length === 2 * 498);
    // Known offenders are set apart at once: the batch, the others, the two, each of the two.
    await expect.poll(() => receiver.requests.length - before).toBe(5);
  });

  it('costs a bounded number of requests when everything in it is bad', async () => {
    await using receiver = await startReceiver(() => OUT_OF_ORDER);
    const remote = openTestRemoteWrite({ url: receiver.url, clock });
    remote.publisher.publish(evaluation(T, { series: testSeries(300) }));
    const result = await remote.publisher.close(10_000);
    expect(result).toEqual({ sent: 0, spooled: 0, lost: 0 });
    expect(receiver.requests).toHaveLength(65);
  });

  it('does not hold up other shards or later batches', async () => {
    await using receiver = await startReceiver((request) =>
      request.samples.some(({ labels }) => labels['instance'] === 'i3') ? OUT_OF_ORDER : { status: 204 },
    );
    await using remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { minShards: 4 } });
    for (const minute of [0, 1, 2])
      remote.publisher.publish(evaluation(T + minute * MINUTES, { series: testSeries(20) }));
    await receiver.until(() => receiver.stored.length === 3 * 19 * 6);
    expect(receiver.stored.every(({ labels }) => labels['instance'] !== 'i3')).toBe(true);
  });
});

describe('order', () => {
  it('holds per series over many shards while the receiver dawdles, fails and refuses', async () => {
    const random = randomOf(7);
    await using receiver = await startReceiver(() => {
      const luck = random();
      return { status: luck < 0.1 ? 500 : 204, delayMs: Math.floor(random() * 15) };
    });
    const remote = openTestRemoteWrite({
      url: receiver.url,
      clock,
      queue: { minShards: 8, maxShards: 8, maxSamplesPerSend: 200 },
    });
    const series = testSeries(1000);
    const minutes = 4;
    for (let minute = 0; minute < minutes; minute++)
      remote.publisher.publish(evaluation(T + minute * 1000, { series }));
    const result = await remote.publisher.close(60_000);
    expect(result).toEqual({ sent: 1000 * 6 * minutes, spooled: 0, lost: 0 });
    const last = new Map<string, number>();
    for (const { series: name, timestampMs } of receiver.stored) {
      expect(timestampMs).toBeGreaterThan(last.get(name) ?? 0);
      last.set(name, timestampMs);
    }
    expect(last.size).toBe(6000);
    expect(receiver.breaches).toEqual([]);
  });

  it('batches hold one pipeline and no more samples than allowed', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { maxSamplesPerSend: 100 } });
    for (const pipeline of ['a', 'b', 'c'])
      remote.publisher.publish(evaluation(T, { pipeline, series: testSeries(40, pipeline) }));
    await remote.publisher.close(10_000);
    expect(receiver.stored).toHaveLength(3 * 240);
    for (const { samples } of receiver.requests) {
      expect(samples.length).toBeLessThanOrEqual(100);
      expect(new Set(samples.map(({ labels }) => labels['pipeline'])).size).toBe(1);
    }
  });

  it('batches are bounded in bytes', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { maxBytesPerSend: 2000 } });
    remote.publisher.publish(evaluation(T, { series: testSeries(20) }));
    await remote.publisher.close(10_000);
    expect(receiver.stored).toHaveLength(120);
    expect(receiver.requests.length).toBeGreaterThan(5);
  });

  it('what belongs together within the deadline goes together', async () => {
    await using receiver = await startReceiver();
    await using remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { batchSendDeadlineMs: 50 } });
    remote.publisher.publish(evaluation(T, { series: testSeries(2) }));
    remote.publisher.publish(evaluation(T, { series: testSeries(4).slice(2) }));
    await receiver.until(() => receiver.stored.length === 24);
    expect(receiver.requests).toHaveLength(1);
  });
});

describe('a queue that is full', () => {
  it('drops the oldest, counts and says so', async () => {
    await using receiver = await startReceiver(() => ({ status: 500 }));
    await using remote = openTestRemoteWrite({
      url: receiver.url,
      clock,
      queue: { capacity: 600, maxShards: 1, maxBackoffMs: 5 },
    });
    const series = testSeries(50);
    remote.publisher.publish(evaluation(T, { series }));
    await receiver.until(() => receiver.requests.length > 0);
    for (const minute of [1, 2, 3, 4]) remote.publisher.publish(evaluation(T + minute * MINUTES, { series }));
    // One batch is under way, two fill the queue.
    expect(await remote.metric('samples_dropped_total', 'queue_full')).toBe(600);
    expect(await remote.metric('samples_pending')).toBe(900);
    expect(remote.lines.some(({ message }) => message.includes('queue is full'))).toBe(true);
    receiver.script = () => ({ status: 204 });
    await receiver.until(() => receiver.stored.length === 900);
    expect(new Set(receiver.stored.map(({ timestampMs }) => (timestampMs - T) / MINUTES))).toEqual(new Set([0, 3, 4]));
  });

  it('lets go of samples that are over the age limit', async () => {
    const moving = new FakeClock(T);
    await using receiver = await startReceiver((_request, i) => {
      moving.advance(3 * MINUTES);
      return { status: i === 0 ? 500 : 204 };
    });
    await using remote = openTestRemoteWrite({
      url: receiver.url,
      clock: moving,
      queue: { sampleAgeLimitMs: 2 * MINUTES },
    });
    remote.publisher.publish(evaluation(T));
    await expect.poll(() => remote.metric('samples_dropped_total', 'too_old')).toBe(6);
    expect(receiver.requests).toHaveLength(1);
  });

  it('counts such samples once, however often the others are tried', async () => {
    await using receiver = await startReceiver((_request, i) => ({ status: i < 3 ? 500 : 204 }));
    await using remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { sampleAgeLimitMs: MINUTES } });
    const steps = [scoredStep(T - 2 * MINUTES, [1])];
    remote.publisher.publish(evaluation(T, { steps, lookAhead: [lookAhead('1h', [1])] }));
    await receiver.until(() => receiver.stored.length === 3);
    expect(await remote.metric('samples_dropped_total', 'too_old')).toBe(6);
  });
});

describe('shutting down', () => {
  it('sends what waits, and says what was lost', async () => {
    await using receiver = await startReceiver((request) => ({
      status: request.samples[0]!.labels['pipeline'] === 'stuck' ? 503 : 204,
    }));
    const remote = openTestRemoteWrite({ url: receiver.url, clock, queue: { batchSendDeadlineMs: 60_000 } });
    remote.publisher.publish(evaluation(T, { pipeline: 'p' }));
    remote.publisher.publish(evaluation(T, { pipeline: 'stuck', series: testSeries(2, 'stuck') }));
    expect(await remote.publisher.close(300)).toEqual({ sent: 6, spooled: 0, lost: 12 });
    expect(remote.lines.find(({ message }) => message.includes('lost at shutdown'))?.fields).toMatchObject({
      lost: 12,
    });
    remote.publisher.publish(evaluation(T + MINUTES));
    expect(seriesOf(receiver.stored)).toHaveLength(6);
  });

  it('takes its self-metrics along', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock });
    expect(await remote.telemetry.registry.metrics()).toMatch(
      /remote_storage_samples_total\{remote_name="test"[^}]*\} 0/,
    );
    await remote.publisher.close(1000);
    expect(await remote.telemetry.registry.metrics()).not.toContain('remote_name="test"');
  });
});

describe('remote write 2.0', () => {
  const settings = { protobufMessage: 'io.prometheus.write.v2.Request' } as const;

  it('is sent with metadata, and the answer is counted', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock, settings });
    remote.publisher.publish(evaluation(T, { series: testSeries(3) }));
    expect(await remote.metric('protocol_version')).toBe(2);
    expect(await remote.publisher.close(10_000)).toEqual({ sent: 18, spooled: 0, lost: 0 });
    expect(receiver.requests.map(({ version }) => version)).toEqual([2]);
    expect(receiver.requests[0]!.metadata.get('openanomaly_score')).toEqual({
      type: 2,
      help: expect.stringMatching(/Distance/),
    });
    expect(receiver.breaches).toEqual([]);
  });

  it.each<[string, ScriptedAnswer]>([
    ['415', { status: 415, body: 'not accepted' }],
    ['204 without a count', { status: 204 }],
  ])('%s: the batch goes again as 1.0, and so does all that follows', async (_name, answer) => {
    await using receiver = await startReceiver((request) => (request.version === 2 ? answer : { status: 204 }));
    await using remote = openTestRemoteWrite({ url: receiver.url, clock, settings });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.requests.length === 2);
    remote.publisher.publish(evaluation(T + MINUTES));
    await receiver.until(() => receiver.requests.length === 3);
    expect(receiver.requests.map(({ version }) => version)).toEqual([2, 1, 1]);
    expect(receiver.requests[1]!.samples).toEqual(receiver.requests[0]!.samples);
    expect(receiver.requests[1]!.headers['retry-attempt']).toBeUndefined();
    await expect.poll(() => remote.metric('samples_total')).toBe(12);
    expect(await remote.metric('protocol_version')).toBe(1);
  });

  it('a partial write is counted exactly and not repeated', async () => {
    await using receiver = await startReceiver(() => ({
      ...written(4, 400),
      body: 'out of order sample for series x',
    }));
    const remote = openTestRemoteWrite({ url: receiver.url, clock, settings });
    remote.publisher.publish(evaluation(T));
    await receiver.until(() => receiver.requests.length === 1);
    await expect.poll(() => remote.metric('samples_failed_total')).toBe(2);
    expect(await remote.metric('samples_total')).toBe(4);
    await remote.publisher.close(10_000);
    expect(receiver.requests).toHaveLength(1);
  });
});
