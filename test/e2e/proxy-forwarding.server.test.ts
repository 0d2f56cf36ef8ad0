import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type OpenProxy, openProxy, proxySettings } from '../support/proxy.ts';
import { startNodeExporter, startPrometheus, startVictoriaMetrics, type TestServer } from '../support/servers.ts';
import { eventually } from './process.ts';
import { samplesIn, startWriteFront, type WriteFront } from './write-front.ts';

/**
 * A real Prometheus writes through the proxy to a real server, which stands behind a front that is slow, refuses and
 * breaks as it is told, and which is stopped and started again. What is stored is what was sent.
 */
const SERIES = 20;

/** Samples of our gauge up to an instant: `series@milliseconds` and value. */
async function samplesOf(server: TestServer, untilMs: number): Promise<Map<string, string>> {
  const form = new URLSearchParams({
    query: '{__name__=~"e2e_gauge|up"}[10m]',
    time: String(untilMs / 1000),
    latency_offset: '1ms',
  });
  const answer = await fetch(`${server.url}/api/v1/query?${form}`);
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  const samples = new Map<string, string>();
  for (const { metric, values } of data.result) {
    const series = Object.entries(metric)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join(',');
    for (const [seconds, value] of values) samples.set(`${series}@${Math.round(seconds * 1000)}`, value);
  }
  return samples;
}

async function trouble(
  front: WriteFront,
  start: () => Promise<TestServer>,
  receiver: { now: TestServer; readonly signal: NodeJS.Signals },
): Promise<void> {
  const passed = () => front.answers.filter((status) => status >= 200 && status < 300).length;
  const count = (status: number) => front.answers.filter((answer) => answer === status).length;
  const passMore = async (more: number) => {
    const before = passed();
    await front.until(() => passed() >= before + more);
  };
  await passMore(2);
  for (const status of [500, 429, 503]) {
    front.turn = () => ({ status });
    await front.until(() => count(status) >= 3);
    front.turn = () => ({ pass: true });
    await passMore(1);
  }
  front.turn = () => ({ pass: true, delayMs: 1500 });
  await passMore(2);
  let isFirst = true;
  front.turn = () => {
    const turn = isFirst ? { status: 400 } : ({ pass: true } as const);
    isFirst = false;
    return turn;
  };
  await passMore(2);
  await receiver.now.kill(receiver.signal);
  await front.until(() => count(0) >= 3);
  receiver.now = await start();
  await passMore(2);
}

describe.each([
  ['Prometheus', startPrometheus, 'SIGKILL'],
  // What it took in the last seconds is in its memory only.
  ['VictoriaMetrics', startVictoriaMetrics, 'SIGTERM'],
] as const)('a %s behind the proxy, in all kinds of trouble', (_, startReceiver, signal) => {
  test('has every sample that the sender sent and that was not refused', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'openanomaly-proxy-'));
    await mkdir(join(dir, 'receiver'));
    const write = async (round: number) => {
      const lines = Array.from({ length: SERIES }, (_, i) => `e2e_gauge{i="${i}"} ${round + i / 1000}\n`).join('');
      await writeFile(join(dir, 'gauge.tmp'), `# HELP e2e_gauge Moves.\n# TYPE e2e_gauge gauge\n${lines}`);
      await rename(join(dir, 'gauge.tmp'), join(dir, 'gauge.prom'));
    };
    await write(0);
    const exporter = await startNodeExporter({
      args: ['--collector.disable-defaults', '--collector.textfile', `--collector.textfile.directory=${dir}`],
    });
    const receiver = { now: await startReceiver({ dataDir: join(dir, 'receiver') }), signal };
    const { port } = receiver.now;
    const start = () => startReceiver({ dataDir: join(dir, 'receiver'), port });
    const front = await startWriteFront(`${receiver.now.url}/api/v1/write`);
    const proxy: OpenProxy = await openProxy(proxySettings(front.url, { timeoutMs: 10_000 }));
    const sender = await startPrometheus({
      scrapeConfigs: `
- job_name: node
  static_configs: [{targets: ['127.0.0.1:${exporter.port}']}]
  metric_relabel_configs: [{source_labels: [__name__], regex: e2e_gauge, action: keep}]
`,
      more: `
remote_write:
- url: ${proxy.url}
  queue_config: {batch_send_deadline: 200ms, min_backoff: 30ms, max_backoff: 300ms, retry_on_http_429: true, max_shards: 1}
`,
    });
    let round = 0;
    const moving = setInterval(() => void write(++round), 400);
    try {
      await trouble(front, start, receiver);
      clearInterval(moving);
      const untilMs = Date.now() - 1000;
      const lost = samplesIn(front.refused);
      expect(lost.size).toBeGreaterThan(SERIES);
      const sent = await samplesOf(sender, untilMs);
      const expected = new Map([...sent].filter(([key]) => !lost.has(key)));
      expect(expected.size).toBeGreaterThan(SERIES * 10);
      const stored = await eventually(
        'all samples are stored',
        async () => {
          const found = await samplesOf(receiver.now, untilMs);
          return [...expected.keys()].every((key) => found.has(key)) ? found : undefined;
        },
        () => `${front.answers.join(' ')}\n${sender.log()}`,
      );
      const byKey = (samples: ReadonlyMap<string, string>) => [...samples].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(byKey(stored)).toEqual(byKey(expected));
      expect(await proxy.metric('requests_forwarded_total', { code: '400' })).toBe(1);
      expect(await proxy.metric('requests_rejected_total', { reason: 'unavailable' })).toBeGreaterThanOrEqual(3);
      expect(await proxy.metric('in_flight_bytes')).toBe(0);
    } finally {
      clearInterval(moving);
      await Promise.all([sender.stop(), exporter.stop(), receiver.now.stop()]);
      await proxy[Symbol.asyncDispose]();
      await front[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    }
  });
});
