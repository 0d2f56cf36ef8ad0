import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../../src/ports/publisher.ts';
import { isModern } from '../../../support/programs.ts';
import {
  evaluation,
  type OpenOptions,
  openTestRemoteWrite,
  scoredStep,
  testSeries,
} from '../../../support/remote-write.ts';
import { createDataDir } from '../../../support/run-dir.ts';
import { startPrometheus, startVictoriaMetrics, type TestServer } from '../../../support/servers.ts';

const V2 = { protobufMessage: 'io.prometheus.write.v2.Request' } as const;
/** Families of a scored step. */
const FAMILIES = 6;

const writeUrl = (server: TestServer) => `${server.url}/api/v1/write`;

/** The last whole second, so that no sample is ahead of the server. */
function lastSecond(): number {
  return Math.floor(Date.now() / 1000) * 1000;
}

/** Sends evaluations through an endpoint of its own, which is closed when everything has arrived. */
async function send(options: OpenOptions, ...evaluations: readonly Evaluation[]) {
  const remote = openTestRemoteWrite(options);
  for (const one of evaluations) remote.publisher.publish(one);
  await expect.poll(() => remote.metric('samples_pending'), { timeout: 20_000 }).toBe(0);
  const counts = {
    sent: await remote.metric('samples_total'),
    failed: await remote.metric('samples_failed_total'),
    protocol: await remote.metric('protocol_version'),
  };
  expect(await remote.publisher.close(10_000)).toMatchObject({ lost: 0, spooled: 0 });
  return { counts, lines: remote.lines };
}

interface Result {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
}

/** A Prometheus instant query at an instant. */
async function query(server: TestServer, text: string, timeMs: number): Promise<Result[]> {
  const parameters = new URLSearchParams({ query: text, time: String(timeMs / 1000) });
  const response = await fetch(`${server.url}/api/v1/query?${parameters}`);
  const answer = (await response.json()) as { data: { result: Result[] } };
  return answer.data.result;
}

/** Raw samples of VictoriaMetrics; null is what it shows for a stale marker. */
async function exportSamples(server: TestServer, selector: string) {
  await fetch(`${server.url}/internal/force_flush`);
  const response = await fetch(`${server.url}/api/v1/export?match[]=${encodeURIComponent(selector)}`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return lines.map(
    (line) => JSON.parse(line) as { metric: Record<string, string>; values: (number | null)[]; timestamps: number[] },
  );
}

describe('Prometheus', () => {
  it.each<[string, Partial<OpenOptions>, number]>([
    ['1.0', {}, 1],
    ['2.0, where it speaks it', { settings: V2 }, isModern() ? 2 : 1],
  ])('stores what is sent as %s, and ends a series at its marker', async (_name, options, protocol) => {
    const server = await startPrometheus();
    const now = lastSecond();
    const series = testSeries(3000);
    const first = await send({ url: writeUrl(server), ...options }, evaluation(now - 2000, { series }));
    expect(first.counts).toEqual({ sent: 3000 * FAMILIES, failed: 0, protocol });
    expect(await query(server, 'count({pipeline="p"})', now - 2000)).toMatchObject([
      { value: [expect.anything(), String(3000 * FAMILIES)] },
    ]);
    expect(await query(server, 'openanomaly_upper{instance="i77"}', now - 2000)).toMatchObject([
      { metric: { instance: 'i77', pipeline: 'p' }, value: [expect.anything(), '78'] },
    ]);

    const later = testSeries(2, 'q');
    await send(
      { url: writeUrl(server), ...options },
      evaluation(now - 1000, { pipeline: 'q', series: later }),
      evaluation(now, { pipeline: 'q', series: [later[1]!], ended: [later[0]!] }),
    );
    expect(await query(server, 'count({pipeline="q"})', now - 1)).toMatchObject([
      { value: [expect.anything(), String(2 * FAMILIES)] },
    ]);
    expect(await query(server, '{pipeline="q",instance="i0"}', now)).toEqual([]);
    expect(await query(server, '{pipeline="q",instance="i1"}', now)).toHaveLength(FAMILIES);
    await server.stop();
  });

  it.each<[string, Partial<OpenOptions>]>([
    ['1.0', {}],
    ['2.0, where it speaks it', { settings: V2 }],
  ])('stores the good samples of a batch with bad ones, by %s', async (_name, options) => {
    const server = await startPrometheus();
    const now = lastSecond();
    const series = testSeries(300);
    await send({ url: writeUrl(server) }, evaluation(now, { series: [series[3]!, series[200]!] }));
    const { counts } = await send({ url: writeUrl(server), ...options }, evaluation(now - 10_000, { series }));
    expect(counts).toMatchObject({ sent: 298 * FAMILIES, failed: 2 * FAMILIES });
    expect(await query(server, 'count({pipeline="p"})', now - 10_000)).toMatchObject([
      { value: [expect.anything(), String(298 * FAMILIES)] },
    ]);
    await server.stop();
  });

  it('gets everything that waited while it was away', async () => {
    const server = await startPrometheus();
    const now = lastSecond();
    const series = testSeries(200);
    const at = (second: number) => evaluation(now - (20 - second) * 1000, { series });
    await using remote = openTestRemoteWrite({ url: writeUrl(server), queue: { maxBackoffMs: 100 } });
    for (let second = 0; second < 5; second++) remote.publisher.publish(at(second));
    await expect.poll(() => remote.metric('samples_pending')).toBe(0);
    await server.kill();
    for (let second = 5; second < 10; second++) remote.publisher.publish(at(second));
    await expect.poll(() => remote.metric('samples_retried_total')).toBeGreaterThan(0);
    const back = await startPrometheus({ dataDir: server.dataDir, port: server.port });
    for (let second = 10; second < 20; second++) remote.publisher.publish(at(second));
    await expect.poll(() => remote.metric('samples_pending'), { timeout: 30_000 }).toBe(0);
    expect(await remote.metric('samples_failed_total')).toBe(0);
    const counted = await query(back, 'count_over_time(openanomaly_value[1m])', now);
    expect(counted).toHaveLength(200);
    expect(new Set(counted.map(({ value }) => value?.[1]))).toEqual(new Set(['20']));
    await back.stop();
  });

  it('gets what an earlier process could not send', async () => {
    const server = await startPrometheus();
    await server.kill();
    const now = lastSecond();
    const series = testSeries(50);
    const spoolDir = createDataDir('spool');
    const before = openTestRemoteWrite({ url: writeUrl(server), queue: { spoolDir } });
    for (const second of [3, 2, 1]) before.publisher.publish(evaluation(now - second * 1000, { series }));
    await expect.poll(() => before.metric('samples_retried_total')).toBeGreaterThan(0);
    expect(await before.publisher.close(10_000)).toEqual({ sent: 0, spooled: 150 * FAMILIES, lost: 0 });
    const back = await startPrometheus({ dataDir: server.dataDir, port: server.port });
    const { counts } = await send({ url: writeUrl(back), queue: { spoolDir } }, evaluation(now, { series }));
    expect(counts).toMatchObject({ sent: 200 * FAMILIES, failed: 0 });
    const counted = await query(back, 'count_over_time(openanomaly_value[1m])', now);
    expect(new Set(counted.map(({ value }) => value?.[1]))).toEqual(new Set(['4']));
    await back.stop();
  });

  it('that does not receive: the log says which flag is missing', async () => {
    const server = await startPrometheus({ remoteWriteReceiver: false });
    const { counts, lines } = await send({ url: writeUrl(server) }, evaluation(lastSecond()));
    expect(counts).toMatchObject({ sent: 0, failed: FAMILIES });
    expect(lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
      err: expect.stringMatching(/^HTTP 404: remote write receiver needs to be enabled/),
      hint: expect.stringContaining('--web.enable-remote-write-receiver'),
    });
    await server.stop();
  });
});

describe('VictoriaMetrics', () => {
  it.each<[string, Partial<OpenOptions>]>([
    ['1.0', {}],
    ['1.0 after it swallowed 2.0', { settings: V2 }],
  ])('stores what is sent as %s, markers included', async (_name, options) => {
    const server = await startVictoriaMetrics();
    const now = lastSecond();
    const series = testSeries(100);
    const steps = [2, 1].map((second) =>
      scoredStep(
        now - second * 1000,
        series.map((_, i) => i),
      ),
    );
    const { counts } = await send(
      { url: writeUrl(server), ...options },
      evaluation(now - 1000, { series, steps }),
      evaluation(now, { series: series.slice(1), ended: [series[0]!] }),
    );
    expect(counts).toEqual({ sent: 300 * FAMILIES, failed: 0, protocol: 1 });
    await expect.poll(async () => (await exportSamples(server, '{pipeline="p"}')).length).toBe(100 * FAMILIES);
    expect(await exportSamples(server, 'openanomaly_value{instance="i0"}')).toMatchObject([
      { values: [0, 0, null], timestamps: [now - 2000, now - 1000, now] },
    ]);
    expect(await exportSamples(server, 'openanomaly_value{instance="i42"}')).toMatchObject([
      { values: [42, 42, 41], timestamps: [now - 2000, now - 1000, now] },
    ]);
    await server.stop();
  });
});
