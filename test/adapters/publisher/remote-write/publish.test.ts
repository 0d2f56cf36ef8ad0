import { describe, expect, it } from 'vitest';
import { labelsFromRecord } from '../../../../src/series/labels.ts';
import { FakeClock } from '../../../support/clock.ts';
import { STALE_BITS, startReceiver } from '../../../support/receiver.ts';
import { evaluation, lookAhead, openTestRemoteWrite, scoredStep, testSeries } from '../../../support/remote-write.ts';

const T = 1_790_000_000_000;
const SECONDS = 1_000;
const MINUTES = 60_000;

describe('what is sent', () => {
  it('scored families at the time of their step, look-ahead at that of the evaluation', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    remote.publisher.publish(
      evaluation(T, {
        series: [labelsFromRecord({ job: 'a', pipeline: 'p' })],
        steps: [scoredStep(T - 30 * SECONDS, [7])],
        lookAhead: [lookAhead('1h', [9])],
      }),
    );
    await remote.publisher.close(10_000);
    expect(receiver.stored.map(({ series, timestampMs, value }) => [series, timestampMs, value])).toEqual([
      ['openanomaly_value{job="a",pipeline="p"}', T - 30 * SECONDS, 7],
      ['openanomaly_expected{job="a",pipeline="p"}', T - 30 * SECONDS, 6.5],
      ['openanomaly_lower{job="a",pipeline="p"}', T - 30 * SECONDS, 6],
      ['openanomaly_upper{job="a",pipeline="p"}', T - 30 * SECONDS, 8],
      ['openanomaly_score{job="a",pipeline="p"}', T - 30 * SECONDS, 0.5],
      ['openanomaly_anomaly{job="a",pipeline="p"}', T - 30 * SECONDS, 0],
      ['openanomaly_forecast{horizon="1h",job="a",pipeline="p"}', T, 9],
      ['openanomaly_forecast_lower{horizon="1h",job="a",pipeline="p"}', T, 8],
      ['openanomaly_forecast_upper{horizon="1h",job="a",pipeline="p"}', T, 10],
    ]);
    expect(receiver.breaches).toEqual([]);
  });

  it('nothing for NaN', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    const step = scoredStep(T, [1, Number.NaN]);
    remote.publisher.publish(evaluation(T, { series: testSeries(2), steps: [step] }));
    await remote.publisher.close(10_000);
    const values = receiver.stored.filter(({ labels }) => labels['instance'] === 'i1');
    expect(values.map(({ labels }) => labels['__name__'])).toEqual(['openanomaly_score', 'openanomaly_anomaly']);
  });

  it('the view that spoke while a series is flagged, and its end', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T + 3 * MINUTES) });
    const series = testSeries(1);
    for (const [minute, flag] of [1, 1, 0, 0].entries()) {
      const step = scoredStep(T + minute * MINUTES, [1]);
      step.anomaly[0] = flag;
      step.view[0] = 1;
      const ended = minute === 3 ? series : [];
      remote.publisher.publish(
        evaluation(step.timestampMs, { series, steps: [step], views: ['spike', 'jump'], ended }),
      );
    }
    await remote.publisher.close(10_000);
    const views = receiver.stored.filter(({ labels }) => labels['__name__'] === 'openanomaly_view');
    expect(
      views.map(({ labels, timestampMs, bits }) => [labels['view'], timestampMs - T, bits === STALE_BITS]),
    ).toEqual([
      ['jump', 0, false],
      ['jump', MINUTES, false],
      ['jump', 2 * MINUTES, true],
    ]);
    expect(receiver.breaches).toEqual([]);
  });

  it('infinities as they are', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    remote.publisher.publish(evaluation(T, { steps: [{ ...scoredStep(T, [1]), score: Float64Array.of(Infinity) }] }));
    await remote.publisher.close(10_000);
    expect(receiver.stored.find(({ labels }) => labels['__name__'] === 'openanomaly_score')?.value).toBe(Infinity);
  });

  it('a catch-up step by step, each series once a request and rising', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    const series = testSeries(3);
    const times = [T - 3 * MINUTES, T - 2 * MINUTES, T - MINUTES];
    remote.publisher.publish(evaluation(T, { series, steps: times.map((time) => scoredStep(time, [1, 2, 3])) }));
    await remote.publisher.close(10_000);
    expect(receiver.requests.map(({ samples }) => new Set(samples.map(({ timestampMs }) => timestampMs)))).toEqual(
      times.map((time) => new Set([time])),
    );
    expect(receiver.breaches).toEqual([]);
  });

  it('no instant that is not newer than the last of its series', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    remote.publisher.publish(evaluation(T, { lookAhead: [lookAhead('1h', [1])] }));
    remote.publisher.publish(evaluation(T, { lookAhead: [lookAhead('1h', [2])] }));
    expect(await remote.metric('samples_dropped_total', 'out_of_order')).toBe(6);
    await remote.publisher.close(10_000);
    expect(receiver.stored.map(({ value }) => value)).toEqual([0, -0.5, -1, 1, 0.5, 0, 1, 0, 2]);
  });

  it('no sample further ahead than the endpoint takes', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    remote.publisher.publish(evaluation(T, { steps: [scoredStep(T + 9 * MINUTES + 1, [1])] }));
    expect(await remote.metric('samples_dropped_total', 'too_far_ahead')).toBe(6);
    await remote.publisher.close(10_000);
    expect(receiver.requests).toEqual([]);
  });

  it('a future path as far as it is due, and never an instant twice', async () => {
    await using receiver = await startReceiver();
    const clock = new FakeClock(T);
    const remote = openTestRemoteWrite({ url: receiver.url, clock });
    const path = (fromMs: number, value: number) => {
      const timestampsMs = Array.from({ length: 20 }, (_, i) => fromMs + (i + 1) * MINUTES);
      const column = Float64Array.from(timestampsMs, () => value);
      return { timestampsMs, expected: column, lower: column, upper: column };
    };
    remote.publisher.publish(evaluation(T, { steps: [], futurePath: path(T, 1) }));
    clock.advance(2 * MINUTES);
    remote.publisher.publish(evaluation(T + 2 * MINUTES, { steps: [], futurePath: path(T + 2 * MINUTES, 2) }));
    await remote.publisher.close(10_000);
    const written = receiver.stored.filter(({ labels }) => labels['__name__'] === 'openanomaly_forecast');
    expect(written.map(({ timestampMs, value }) => [(timestampMs - T) / MINUTES, value])).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((minute) => [minute, 1]),
      [10, 2],
      [11, 2],
    ]);
    expect(written[0]?.labels['horizon']).toBe('path');
  });
});

describe('series that end', () => {
  it('get stale markers, bit for bit, for the families that were sent', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T + MINUTES) });
    const [gone, stays] = testSeries(2);
    remote.publisher.publish(evaluation(T, { series: [gone!, stays!], lookAhead: [lookAhead('1h', [1, Number.NaN])] }));
    const sameLabels = testSeries(1);
    remote.publisher.publish(evaluation(T + MINUTES, { series: [stays!], ended: sameLabels }));
    await remote.publisher.close(10_000);
    const markers = receiver.stored.filter(({ bits }) => bits === STALE_BITS);
    expect(markers.map(({ series }) => series).sort()).toEqual(
      [
        ...['anomaly', 'expected', 'lower', 'score', 'upper', 'value'].map(
          (family) => `openanomaly_${family}{instance="i0",pipeline="p"}`,
        ),
        ...['', '_lower', '_upper'].map(
          (side) => `openanomaly_forecast${side}{horizon="1h",instance="i0",pipeline="p"}`,
        ),
      ].sort(),
    );
    expect(new Set(markers.map(({ timestampMs }) => timestampMs))).toEqual(new Set([T + MINUTES]));
    expect(receiver.breaches).toEqual([]);
  });

  it('are sent up to their end first, whether they were there before or came and went', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T + 9 * MINUTES) });
    const [gone, stays, visitor] = testSeries(3);
    remote.publisher.publish(evaluation(T, { series: [gone!, stays!], steps: [scoredStep(T, [1, 2])] }));
    const at = (minute: number, values: number[]) => scoredStep(T + minute * MINUTES, values);
    remote.publisher.publish(
      evaluation(T + 9 * MINUTES, {
        series: [stays!],
        steps: [at(9, [6])],
        farewell: {
          series: [gone!, stays!, visitor!],
          steps: [at(1, [3, 4, Number.NaN]), at(2, [Number.NaN, 5, 7])],
        },
        ended: [gone!, visitor!],
      }),
    );
    await remote.publisher.close(10_000);
    const of = (instance: string) =>
      receiver.stored
        .filter(({ labels }) => labels['__name__'] === 'openanomaly_value' && labels['instance'] === instance)
        .map(({ timestampMs, value, bits }) => [(timestampMs - T) / MINUTES, bits === STALE_BITS ? 'end' : value]);
    expect(of('i0')).toEqual([
      [0, 1],
      [1, 3],
      [9, 'end'],
    ]);
    expect(of('i1')).toEqual([
      [0, 2],
      [1, 4],
      [2, 5],
      [9, 6],
    ]);
    expect(of('i2')).toEqual([
      [2, 7],
      [9, 'end'],
    ]);
    expect(receiver.breaches).toEqual([]);
  });

  it('get no markers when nothing was sent, or twice', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T + 2 * MINUTES) });
    remote.publisher.publish(evaluation(T, { series: [], steps: [], ended: testSeries(1) }));
    remote.publisher.publish(evaluation(T));
    remote.publisher.publish(evaluation(T + MINUTES, { series: [], steps: [], ended: testSeries(1) }));
    remote.publisher.publish(evaluation(T + 2 * MINUTES, { series: [], steps: [], ended: testSeries(1) }));
    await remote.publisher.close(10_000);
    expect(receiver.stored.filter(({ bits }) => bits === STALE_BITS)).toHaveLength(6);
  });

  it('end after the future instants that were written', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    const column = Float64Array.of(1);
    const futurePath = { timestampsMs: [T + 5 * MINUTES], expected: column, lower: column, upper: column };
    remote.publisher.publish(evaluation(T, { steps: [], futurePath }));
    remote.publisher.remove('p', testSeries(1), T + MINUTES);
    await remote.publisher.close(10_000);
    expect(receiver.stored.filter(({ bits }) => bits === STALE_BITS).map(({ timestampMs }) => timestampMs)).toEqual([
      T + 5 * MINUTES + 1,
      T + 5 * MINUTES + 1,
      T + 5 * MINUTES + 1,
    ]);
  });

  it('all end with their pipeline, and may come back', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T + MINUTES) });
    const series = testSeries(2);
    remote.publisher.publish(evaluation(T, { series }));
    remote.publisher.remove('p', series, T + 1000);
    remote.publisher.publish(evaluation(T + MINUTES, { series }));
    await remote.publisher.close(10_000);
    expect(receiver.stored.map(({ bits }) => bits === STALE_BITS)).toEqual([
      ...Array(12).fill(false),
      ...Array(12).fill(true),
      ...Array(12).fill(false),
    ]);
  });

  it('a removal without ended series writes nothing', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    remote.publisher.publish(evaluation(T));
    remote.publisher.remove('p', [], T + 1000);
    await remote.publisher.close(10_000);
    expect(receiver.stored).toHaveLength(6);
  });
});

describe('labels', () => {
  it('are relabelled, and dropped series are counted', async () => {
    await using receiver = await startReceiver();
    const rule = {
      sourceLabels: [],
      separator: ';',
      regex: '(.*)',
      modulus: 0,
      targetLabel: '',
      replacement: '$1',
      action: 'replace',
    } as const;
    const remote = openTestRemoteWrite({
      url: receiver.url,
      clock: new FakeClock(T),
      settings: {
        writeRelabelConfigs: [
          { ...rule, sourceLabels: ['__name__'], regex: 'openanomaly_(score|value)', action: 'keep' },
          {
            ...rule,
            sourceLabels: ['__name__'],
            regex: 'openanomaly_(.*)',
            targetLabel: '__name__',
            replacement: 'oa:$1',
          },
          { ...rule, targetLabel: 'cluster', replacement: 'eu' },
          { ...rule, regex: 'pipeline', action: 'labeldrop' },
        ],
      },
    });
    remote.publisher.publish(evaluation(T));
    expect(await remote.metric('samples_dropped_total', 'relabelled')).toBe(4);
    await remote.publisher.close(10_000);
    expect(receiver.stored.map(({ series }) => series)).toEqual([
      'oa:value{cluster="eu",instance="i0"}',
      'oa:score{cluster="eu",instance="i0"}',
    ]);
  });

  it('that relabelling makes equal are one series: the first sample of an instant stands', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({
      url: receiver.url,
      clock: new FakeClock(T),
      settings: {
        writeRelabelConfigs: [
          {
            sourceLabels: [],
            separator: ';',
            regex: 'instance',
            modulus: 0,
            targetLabel: '',
            replacement: '$1',
            action: 'labeldrop',
          },
        ],
      },
    });
    remote.publisher.publish(evaluation(T, { series: testSeries(2) }));
    expect(await remote.metric('samples_dropped_total', 'out_of_order')).toBe(6);
    await remote.publisher.close(10_000);
    expect(receiver.stored).toHaveLength(6);
    expect(receiver.breaches).toEqual([]);
  });

  it('that no receiver takes are made legal, or counted where that is impossible', async () => {
    await using receiver = await startReceiver();
    const remote = openTestRemoteWrite({ url: receiver.url, clock: new FakeClock(T) });
    const series = [labelsFromRecord({ 'my.label': 'x' }), labelsFromRecord({ 'a.b': '1', a_b: '2' })];
    remote.publisher.publish(evaluation(T, { series }));
    expect(await remote.metric('samples_dropped_total', 'invalid_labels')).toBe(6);
    await remote.publisher.close(10_000);
    expect(receiver.stored[0]?.series).toBe('openanomaly_value{my_label="x"}');
    expect(receiver.breaches).toEqual([]);
  });
});
