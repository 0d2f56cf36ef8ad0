import { afterEach, describe, expect, test } from 'vitest';
import { EventBook } from '../../src/evaluate/event-book.ts';
import { MaintenanceDesk } from '../../src/evaluate/maintenance-desk.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';
import { nullLogger } from '../support/logger.ts';
import { type Answer, type Ask, ask, openServer } from './serve.ts';

const MINUTE_MS = 60_000;
const NOW_MS = Date.UTC(2026, 2, 3, 12);

const opened: HttpServer[] = [];
afterEach(async () => {
  for (const server of opened.splice(0)) await server[Symbol.asyncDispose]();
});

/** A book with an anomaly of a minute every hour until now, and one that is open, of three series in two groups. */
function filledBook(): EventBook {
  const book = new EventBook();
  const add = (hoursAgo: number, instance: string, group: string, isOpen: boolean) => {
    const startMs = NOW_MS - hoursAgo * 60 * MINUTE_MS;
    const labels = labelsFromRecord({ instance, pipeline: `${group}-cpu` });
    const peak = { timestampMs: startMs, score: hoursAgo, value: 9, expected: 1, lower: 0, upper: 2, view: 'spike' };
    book.opened({ pipeline: `${group}-cpu`, group, labels, technique: 'tail', direction: 'above', startMs, peak });
    const id = book.list({ openOnly: true })[0]!.id;
    if (!isOpen) book.closed(id, startMs + MINUTE_MS, 'recovered');
  };
  add(5, 'web-1', 'shop', false);
  add(4, 'web-2', 'shop', false);
  add(4, 'db-1', 'base', false);
  add(1, 'web-1', 'shop', true);
  return book;
}

async function open({ admin = true, ...more }: { readonly admin?: boolean; readonly prefix?: string } = {}) {
  let ids = 0;
  const clock = { nowMs: () => NOW_MS };
  const maintenance = new MaintenanceDesk({ store: undefined, clock, logger: nullLogger, newId: () => `w${++ids}` });
  const settings = { enableAdminApi: admin, routePrefix: more.prefix ?? '/' };
  const server = await openServer({ events: filledBook(), maintenance, settings, clock });
  opened.push(server);
  return { server, maintenance };
}

const json = (answer: Answer) => JSON.parse(answer.text);

describe('GET /api/v1/anomalies', () => {
  const startsOf = async (query: string) => {
    const { server } = await open();
    const { status, data } = json(await ask(server, `/api/v1/anomalies${query}`));
    expect(status).toBe('success');
    return data.anomalies.map(({ start }: { start: string }) => start.slice(11, 16));
  };

  test.each([
    ['', ['11:00', '08:00', '08:00', '07:00']],
    ['?pipeline=shop-cpu', ['11:00', '08:00', '07:00']],
    ['?group=base', ['08:00']],
    ['?match[]={instance="web-1"}', ['11:00', '07:00']],
    ['?match[]={instance="web-1"}&match[]=instance=~"db.*"', ['11:00', '08:00', '07:00']],
    ['?since=2026-03-03T08:30:00Z', ['11:00']],
    [`?until=${NOW_MS / 1000 - 4.5 * 3600}`, ['07:00']],
    ['?since=2026-03-03T07:00:30Z&until=2026-03-03T07:30:00Z', ['07:00']],
    ['?open=true', ['11:00']],
    ['?limit=1', ['11:00']],
  ])('%s', async (query, starts) => {
    expect(await startsOf(query)).toEqual(starts);
  });

  test('tells all there is to know, in JSON', async () => {
    const { server } = await open();
    const answer = await ask(server, '/api/v1/anomalies?open=true');
    expect(answer.headers['content-type']).toBe('application/json');
    expect(json(answer).data.anomalies[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      pipeline: 'shop-cpu',
      group: 'shop',
      labels: { instance: 'web-1', pipeline: 'shop-cpu' },
      technique: 'tail',
      direction: 'above',
      state: 'open',
      start: '2026-03-03T11:00:00.000Z',
      end: null,
      ending: null,
      last: '2026-03-03T11:00:00.000Z',
      peak: { time: '2026-03-03T11:00:00.000Z', score: 1, value: 9, expected: 1, lower: 0, upper: 2, view: 'spike' },
    });
  });

  test('says when something is left out', async () => {
    const { server } = await open();
    expect(json(await ask(server, '/api/v1/anomalies?limit=3')).warnings).toEqual([
      '1 of 4 are left out; raise "limit" or narrow the question',
    ]);
  });

  test.each([
    ['?pipelin=a', 'there is no parameter "pipelin"'],
    ['?since=yesterday', '"since" must be a time'],
    ['?limit=0', '"limit" must be a whole number from 1 to 10000'],
    ['?open=maybe', '"open" must be true or false'],
    ['?match[]={instance', 'is no matcher'],
    ['?match[]=a=~"("', 'no regular expression'],
  ])('%s is refused', async (query, said) => {
    const { server } = await open();
    const answer = await ask(server, `/api/v1/anomalies${encodeURI(query)}`);
    expect(answer.status).toBe(400);
    expect(json(answer)).toEqual({ status: 'error', errorType: 'bad_data', error: expect.stringContaining(said) });
  });

  test('stands below the prefix of the routes, and takes GET alone', async () => {
    const { server } = await open({ prefix: '/oa' });
    expect((await ask(server, '/oa/api/v1/anomalies')).status).toBe(200);
    expect((await ask(server, '/api/v1/anomalies')).status).toBe(404);
    expect((await ask(server, '/oa/api/v1/anomalies', { method: 'POST' })).status).toBe(405);
  });
});

test('GET /api/v1/incidents merges anomalies of a group', async () => {
  const { server } = await open();
  const { data } = json(await ask(server, '/api/v1/incidents?group=shop'));
  expect(data.incidents).toMatchObject([
    { state: 'open', end: null, pipelines: ['shop-cpu'], series: 1, anomalies: 1 },
    { state: 'closed', start: '2026-03-03T08:00:00.000Z', end: '2026-03-03T08:01:00.000Z' },
    { state: 'closed', start: '2026-03-03T07:00:00.000Z', highest: { peak: { score: 5 } } },
  ]);
  const ofPipeline = json(await ask(server, '/api/v1/incidents?pipeline=base-cpu')).data.incidents;
  expect(ofPipeline).toMatchObject([{ group: 'base', first: [{ labels: { instance: 'db-1' } }] }]);
  expect(json(await ask(server, '/api/v1/incidents?open=true')).data.incidents).toHaveLength(1);
});

describe('maintenance', () => {
  const post = (server: HttpServer, body: unknown, options: Ask = {}) =>
    ask(server, '/api/v1/maintenance', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...options,
      headers: { 'Content-Type': 'application/json', ...options.headers },
    });

  test('is made, listed and ended', async () => {
    const { server, maintenance } = await open();
    const made = await post(server, {
      pipelines: ['shop-cpu'],
      matchers: ['instance=~"web.*"', 'job!="x"'],
      duration: '2h',
      comment: 'new disks',
      created_by: 'ann',
    });
    expect(made.status).toBe(201);
    const window = {
      id: 'w1',
      state: 'active',
      pipelines: ['shop-cpu'],
      groups: [],
      matchers: '{instance=~"web.*",job!="x"}',
      start: '2026-03-03T12:00:00.000Z',
      end: '2026-03-03T14:00:00.000Z',
      comment: 'new disks',
      created_by: 'ann',
    };
    expect(json(made)).toEqual({ status: 'success', data: window });
    expect(json(await ask(server, '/api/v1/maintenance')).data.windows).toEqual([window]);
    const holds = maintenance.book.at(NOW_MS, { name: 'shop-cpu', group: 'shop' })!;
    expect(holds(labelsFromRecord({ instance: 'web-1' }))).toBe(true);
    expect(holds(labelsFromRecord({ instance: 'db-1' }))).toBe(false);

    expect((await ask(server, '/api/v1/maintenance/w1', { method: 'DELETE' })).status).toBe(200);
    expect(maintenance.book.at(NOW_MS, { name: 'shop-cpu', group: 'shop' })).toBeUndefined();
    const again = await ask(server, '/api/v1/maintenance/w2', { method: 'DELETE' });
    expect([again.status, json(again).errorType]).toEqual([404, 'not_found']);
  });

  test('may begin later, and is forgotten when it is ended before', async () => {
    const { server } = await open();
    const made = await post(server, { start: '2026-03-04T00:00:00Z', end: 1_772_600_000 });
    expect(json(made).data).toMatchObject({ state: 'pending', end: '2026-03-04T04:53:20.000Z' });
    await ask(server, '/api/v1/maintenance/w1', { method: 'DELETE' });
    expect(json(await ask(server, '/api/v1/maintenance')).data.windows).toEqual([]);
  });

  test.each([
    ['no JSON', 'is no JSON'],
    [[], 'must be a JSON object'],
    [{}, 'either "end" or "duration" is needed'],
    [{ duration: '2h', end: '2026-03-04T00:00:00Z' }, 'either "end" or "duration" is needed'],
    [{ duration: 'soon' }, '"duration" must be a duration'],
    [{ duration: 7200 }, '"duration" must be a duration'],
    [{ end: '2026-03-01T00:00:00Z' }, '"end" is not after "start"'],
    [{ start: '2026-03-01T00:00:00Z', end: '2026-03-02T00:00:00Z' }, 'is over already'],
    [{ start: 'now', duration: '1h' }, '"start" must be a time'],
    [{ duration: '2y' }, 'longer than a year'],
    [{ duration: '1h', pipelines: 'cpu' }, '"pipelines" must be a list of names'],
    [{ duration: '1h', groups: [1] }, '"groups" must be a list of names'],
    [{ duration: '1h', matchers: ['up'] }, 'is no matcher'],
    [{ duration: '1h', comment: 5 }, '"comment" must be text'],
    [{ duration: '1h', pipeline: ['cpu'] }, 'there is no field "pipeline"'],
    ['x'.repeat(70_000), 'longer than 65536 bytes'],
  ])('%j is refused', async (body, said) => {
    const { server, maintenance } = await open();
    const answer = await post(server, body);
    expect([answer.status, json(answer).error]).toEqual([400, expect.stringContaining(said)]);
    expect(maintenance.list()).toEqual([]);
  });

  test('is listed, but not changed, without the admin API', async () => {
    const { server, maintenance } = await open({ admin: false });
    const refused = await post(server, { duration: '1h' });
    expect([refused.status, json(refused).error]).toEqual([403, expect.stringContaining('--web.enable-admin-api')]);
    expect((await ask(server, '/api/v1/maintenance/w1', { method: 'DELETE' })).status).toBe(403);
    expect((await ask(server, '/api/v1/maintenance')).status).toBe(200);
    expect(maintenance.list()).toEqual([]);
  });

  test('is not changed for a foreign web page, nor by what a form could send', async () => {
    const { server, maintenance } = await open();
    const foreign = await post(server, { duration: '1h' }, { headers: { 'Sec-Fetch-Site': 'cross-site' } });
    expect(foreign.status).toBe(403);
    const form = await post(server, { duration: '1h' }, { headers: { 'Content-Type': 'text/plain' } });
    expect([form.status, json(form).error]).toEqual([400, expect.stringContaining('application/json')]);
    expect(maintenance.list()).toEqual([]);
  });

  test('a thousand windows are enough', async () => {
    const { server, maintenance } = await open();
    const window = {
      pipelines: [],
      groups: [],
      matchers: [],
      startMs: NOW_MS,
      endMs: NOW_MS + 1,
      comment: '',
      createdBy: '',
    };
    for (let i = 0; i < 1000; i++) await maintenance.add(window);
    const answer = await post(server, { duration: '1h' });
    expect([answer.status, json(answer).error]).toEqual([409, expect.stringContaining('1000 maintenance windows')]);
  });
});
