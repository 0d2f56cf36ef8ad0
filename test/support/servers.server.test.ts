import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isModern } from './programs.ts';
import { promtool, startNodeExporter, startPrometheus, startVictoriaMetrics, type TestServer } from './servers.ts';

const started: TestServer[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

async function keep(server: Promise<TestServer>): Promise<TestServer> {
  const ready = await server;
  started.push(ready);
  return ready;
}

async function getJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

describe('servers of the tests', () => {
  it('starts the Prometheus that was asked for, with its scrape jobs', async () => {
    const exporter = await keep(startNodeExporter());
    const server = await keep(
      startPrometheus({
        scrapeConfigs: `- job_name: node\n  static_configs:\n    - targets: ['127.0.0.1:${exporter.port}']\n`,
      }),
    );
    const build = (await getJson(`${server.url}/api/v1/status/buildinfo`)) as { data: { version: string } };
    if (!isModern()) expect(build.data.version).toMatch(/^2\./);
    // Prometheus hands targets to its scrapers up to five seconds after the start.
    await vi.waitFor(
      async () => {
        const answer = await getJson(`${server.url}/api/v1/query?query=up`);
        expect(answer).toMatchObject({
          data: { result: [{ metric: { job: 'node' }, value: [expect.anything(), '1'] }] },
        });
      },
      { timeout: 30_000, interval: 100 },
    );
    expect(readFileSync(`/proc/${server.pid}/cmdline`, 'utf8')).toContain(
      isModern() ? 'prometheus-0.316.0/prometheus' : 'prometheus',
    );
  });

  it('takes remote write unless told not to', async () => {
    const open = await keep(startPrometheus());
    const closed = await keep(startPrometheus({ remoteWriteReceiver: false }));
    const write = (url: string) => fetch(`${url}/api/v1/write`, { method: 'POST', body: 'not snappy' });
    expect((await write(open.url)).status).toBe(400);
    expect((await write(closed.url)).status).toBe(404);
  });

  it('keeps data and port over a kill, and leaves nothing after stop', async () => {
    const first = await keep(startVictoriaMetrics());
    const line = 'kept{a="b"} 7\n';
    await fetch(`${first.url}/api/v1/import/prometheus`, { method: 'POST', body: line });
    await fetch(`${first.url}/internal/force_flush`);
    await first.kill('SIGTERM');
    expect(isRunning(first.pid)).toBe(false);

    const again = await keep(startVictoriaMetrics({ dataDir: first.dataDir, port: first.port }));
    expect(again.url).toBe(first.url);
    const found = (await getJson(`${again.url}/api/v1/series?match[]=kept`)) as { data: unknown[] };
    expect(found.data).toEqual([{ __name__: 'kept', a: 'b' }]);
    await again.stop();
    await first.stop();
    expect(isRunning(again.pid)).toBe(false);
    expect(existsSync(first.dataDir)).toBe(false);
  });

  it('says what the server said when it cannot start', async () => {
    await expect(startPrometheus({ args: ['--no-such-flag'] })).rejects.toThrow(/no-such-flag/);
  });

  it('runs promtool with a standard input', async () => {
    const result = await promtool(['check', 'metrics'], '# HELP a_total Help.\n# TYPE a_total counter\na_total 1\n');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect((await promtool(['check', 'metrics'], 'a{ 1\n')).code).not.toBe(0);
  });
});
