import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { PipelineStatus } from '../../src/evaluate/status.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';
import { programPath } from '../support/programs.ts';
import { anomalyEvent, openServer, pipelineStatus } from './serve.ts';

// What runs in the page is given as text: the project knows no types of a browser.
let browser: Browser;
let page: Page;
let server: HttpServer;
let pipelines: PipelineStatus[];
const complaints: string[] = [];

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: programPath('chromium'), args: ['--no-sandbox', '--disable-gpu'] });
});
afterAll(() => browser.close());

beforeEach(async () => {
  complaints.splice(0);
  pipelines = [
    pipelineStatus({
      name: 'node_network_receive_bytes_by_instance_and_device',
      file: '/etc/openanomaly/rules/a/rather/long/path/of/a/rule/file/node-exporter.yaml',
      query: `sum by (instance, device) (rate(node_network_receive_bytes_total{device!~"${'veth.*|'.repeat(20)}"}[5m]))`,
      health: 'error',
      lastError: `query_rejected: ${'x'.repeat(200)}`,
      series: 12_345,
      engines: { seasonal_naive: 10_000, climatology: 2_000, ets: 345 },
    }),
  ];
  const pod = { instance: `a-pod-with-a-rather-long-name-${'0123456789'.repeat(9)}:8080`, job: 'shop' };
  const anomaly = anomalyEvent({ labels: labelsFromRecord(pod) });
  server = await openServer({ status: () => pipelines, events: { list: () => [anomaly], incidents: () => [] } });
  page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
});

afterEach(async () => {
  await page.close();
  await server[Symbol.asyncDispose]();
});

it('loads without a complaint of the browser and asks for nothing else', async () => {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) asked.push(new URL(request.url()).pathname);
  });
  await page.goto(`http://${server.addresses[0]}/`, { waitUntil: 'networkidle' });
  expect(await page.title()).toBe('OpenAnomaly');
  expect(await page.locator('tr.pipeline .health').innerText()).toBe('error');
  // The style was let through by its hash: without it the dot would have no colour of its own.
  const color = await page.evaluate("getComputedStyle(document.querySelector('.health.bad')).color");
  expect(color).toBe('rgb(198, 47, 47)');
  expect(asked).toEqual(['/']);
  expect(complaints).toEqual([]);
});

it.each([
  { width: 360, height: 740 },
  { width: 820, height: 1180 },
  { width: 1280, height: 900 },
])('fits a window of $width pixels', async (size) => {
  await page.setViewportSize(size);
  await page.goto(`http://${server.addresses[0]}/`);
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  expect(overflow).toBe(0);
});

it('is dark where the reader wants it dark', async () => {
  const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
  await page.goto(`http://${server.addresses[0]}/`);
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  expect([light, await background()]).toEqual(['rgb(246, 247, 249)', 'rgb(17, 22, 29)']);
});

it('puts fresh content in place, says when it cannot, and recovers', async () => {
  await page.clock.install();
  await page.goto(`http://${server.addresses[0]}/`);
  await page.evaluate('window.kept = true');
  pipelines = [pipelineStatus({ flagged: 3 })];
  await page.clock.runFor(10_000);
  await page.locator('td.flag', { hasText: '3' }).waitFor();
  expect(await page.title()).toBe('(3) OpenAnomaly');
  // The page itself was not loaded again, so nothing jumps under the reader.
  expect(await page.evaluate('window.kept')).toBe(true);
  expect(complaints).toEqual([]);

  const port = server.addresses[0]!.split(':')[1]!;
  await server[Symbol.asyncDispose]();
  await page.clock.runFor(10_000);
  await page.locator('#lost').waitFor({ state: 'visible' });
  server = await openServer({ status: () => pipelines, settings: { listenAddresses: [`127.0.0.1:${port}`] } });
  await page.clock.runFor(10_000);
  await page.locator('#lost').waitFor({ state: 'hidden' });
});

it('does not take away what the reader has selected', async () => {
  await page.clock.install();
  await page.goto(`http://${server.addresses[0]}/`);
  await page.locator('tr.error td').selectText();
  pipelines = [];
  await page.clock.runFor(20_000);
  expect(await page.locator('tr.error').count()).toBe(1);
  await page.evaluate('getSelection().removeAllRanges()');
  await page.clock.runFor(10_000);
  await page.locator('.empty').waitFor();
});
