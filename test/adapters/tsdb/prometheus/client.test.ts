import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RangeQuery, TsdbClient } from '../../../../src/ports/tsdb-client.ts';
import type { PrometheusDatasourceSettings } from '../../../../src/settings/settings.ts';
import { piecesOf } from '../../../contract/tsdb-client.ts';
import { collectingLogger, nullLogger } from '../../../support/logger.ts';
import { httpSettings, type Loopback, type Script, serve } from '../../../support/loopback.ts';
import { freePort } from '../../../support/ports.ts';
import { openTestClient } from '../../../support/prometheus-client.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const item of open.splice(0).reverse()) await item[Symbol.asyncDispose]();
});

async function scripted(script: Script): Promise<Loopback> {
  const loopback = await serve(script);
  open.push(loopback);
  return loopback;
}

function client(url: string, overrides: Partial<PrometheusDatasourceSettings> = {}, logger = nullLogger): TsdbClient {
  const opened = openTestClient(url, overrides, logger);
  open.push(opened);
  return opened;
}

const MINUTE_MS = 60_000;
const startMs = 1_700_000_040_000;
const query: RangeQuery = {
  query: 'rate(m[5m])',
  startMs,
  endMs: startMs + 2 * MINUTE_MS,
  stepMs: MINUTE_MS,
  limit: 0,
  timeoutMs: 30_000,
};

const one = '{"metric":{"a":"b"},"values":[[1700000040,"1"],[1700000100,"2"],[1700000160,"3"]]}';
const matrix = (...series: string[]) =>
  `{"status":"success","data":{"resultType":"matrix","result":[${series.join(',')}]}}`;
const good = (response: ServerResponse) => void response.setHeader('content-type', 'application/json').end(matrix(one));

/** Answers with the scripts in turn, then with the last one for ever. */
function inTurn(...scripts: ((response: ServerResponse) => void)[]): Script {
  let next = 0;
  return (_, response) => scripts[Math.min(next++, scripts.length - 1)]!(response);
}

const answer =
  (status: number, body = '', headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

describe('the request', () => {
  it('is a form, aligned, with the extra parameters, and asks for nothing compressed', async () => {
    // The clock stands still, so that all of the timeout is left when the request goes out.
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const at = await scripted((_, response) => good(response));
    const ours = client(`${at.url}/prefix/`, { params: { extra_label: 'a=b&c' } });
    await piecesOf(ours, query);
    await piecesOf(ours, { ...query, query: 'm{a="1"} # raw', stepMs: 500, endMs: startMs + 1000 });
    const [range, raw] = at.seen;
    expect(range).toMatchObject({ method: 'POST', path: '/prefix/api/v1/query_range' });
    expect(range!.headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': 'openanomaly/test',
    });
    expect(range!.headers['accept-encoding']).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(range!.body))).toEqual({
      query: 'rate(m[5m])',
      start: '1700000040',
      end: '1700000160',
      step: '60',
      timeout: '30000ms',
      extra_label: 'a=b&c',
    });
    expect(raw!.path).toBe('/prefix/api/v1/query');
    expect(Object.fromEntries(new URLSearchParams(raw!.body))).toMatchObject({
      query: '{__name__="m",a="1"}[1500ms]',
      time: '1700000041',
    });
  });

  it('carries the credentials of the block', async () => {
    const at = await scripted((_, response) => good(response));
    const http = httpSettings({ authorization: { type: 'Bearer', credentials: { value: 'x' } } });
    await piecesOf(client(at.url, { http }), query);
    expect(at.seen[0]!.headers['authorization']).toBe('Bearer x');
  });
});

describe('answers that are errors', () => {
  const bad = (errorType: string, error: string) => JSON.stringify({ status: 'error', errorType, error });
  it.each<[string, number, string, string, RegExp]>([
    [
      'a bad query',
      400,
      bad('bad_data', '1:5: parse error'),
      'query_rejected',
      /tested refuses the query: 1:5: parse error/,
    ],
    ['a query that cannot be executed', 422, bad('execution', 'many-to-many'), 'query_execution', /many-to-many/],
    ['an old VictoriaMetrics', 422, bad('422', 'too many points'), 'query_execution', /too many points/],
    ['wrong credentials', 401, 'Unauthorized\n', 'datasource_auth', /HTTP 401.*Unauthorized.*HTTP client block/],
    ['missing rights', 403, '', 'datasource_auth', /HTTP 403/],
    ['a wrong path', 404, '404 page not found\n', 'query_rejected', /HTTP 404: 404 page not found; is the URL/],
    [
      'a query timeout',
      503,
      bad('timeout', 'query timed out in expression evaluation'),
      'datasource_timeout',
      /recording rule/,
    ],
    ['an error with status 200', 200, bad('bad_data', 'nope'), 'query_rejected', /nope/],
    ['a timeout with status 200', 200, bad('timeout', 'late'), 'datasource_timeout', /late/],
    ['another error with status 200', 200, bad('execution', 'no'), 'query_execution', /no/],
    ['a page', 200, '<html>Sign in</html>', 'query_answer_malformed', /no JSON object at byte 0, near "<html>Sign in/],
    ['half an answer', 200, matrix(one).slice(0, 60), 'query_answer_malformed', /breaks off after 60 bytes/],
    ['nothing', 200, '', 'query_answer_malformed', /empty/],
    [
      'a scalar',
      200,
      '{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}',
      'query_wrong_type',
      /scalar/,
    ],
    [
      'a string',
      200,
      '{"status":"success","data":{"resultType":"string","result":[1,"s"]}}',
      'query_wrong_type',
      /string/,
    ],
  ])('%s', async (_, status, body, code, message) => {
    const at = await scripted((_request, response) => answer(status, body)(response));
    await expect(piecesOf(client(at.url), query)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(at.seen).toHaveLength(1);
  });

  it('does not print the credentials of the URL', async () => {
    const port = await freePort();
    const error = await piecesOf(client(`http://user:hidden@127.0.0.1:${port}`, { timeoutMs: 50 }), query).catch(
      String,
    );
    expect(error).toMatch(/nothing listens there/);
    expect(error).not.toContain('hidden');
  });
});

describe('a server that is not available', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['replays its log', answer(503, 'Service Unavailable')],
    ['is overloaded', answer(429, 'cannot handle more than 4 concurrent search requests')],
    ['sits behind a proxy that cannot reach it', answer(502, '<html>Bad gateway</html>')],
    ['hangs up', (response) => void response.destroy()],
    [
      'dies inside its answer',
      (response) => {
        response.writeHead(200).write(matrix(one).slice(0, 80));
        setTimeout(() => response.destroy(), 10);
      },
    ],
  ])('%s: the read waits for it', async (_, failure) => {
    const at = await scripted(inTurn(failure, failure, good));
    const logger = collectingLogger();
    const pieces = await piecesOf(client(at.url, {}, logger), query);
    expect([...pieces[0]!.block.values]).toEqual([1, 2, 3]);
    expect(at.seen).toHaveLength(3);
    const retries = logger.lines.map(({ level, fields }) => [level, fields['code'], fields['pauseMs']]);
    expect(retries).toEqual([
      ['debug', 'datasource_unavailable', 200],
      ['debug', 'datasource_unavailable', 400],
    ]);
  });

  it('the read gives up before its timeout, with the last error', async () => {
    const at = await scripted(inTurn(answer(503, 'Service Unavailable')));
    const ours = client(at.url, { timeoutMs: 700 });
    await expect(piecesOf(ours, query)).rejects.toMatchObject({
      code: 'datasource_unavailable',
      message: 'tested is starting or overloaded (HTTP 503): Service Unavailable',
    });
    // 200 ms and 400 ms fit, the next pause of 800 ms does not.
    expect(at.seen.length).toBeGreaterThanOrEqual(2);
    expect(at.seen.length).toBeLessThanOrEqual(3);
  });

  it('the read waits as long as it is asked to, or gives up at once', async () => {
    const at = await scripted(inTurn(answer(429, 'busy', { 'retry-after': '1' }), good));
    const logger = collectingLogger();
    await piecesOf(client(at.url, {}, logger), query);
    expect(logger.lines.map(({ fields }) => fields['pauseMs'])).toEqual([1000]);

    const later = await scripted(inTurn(answer(429, 'busy', { 'retry-after': '3600' })));
    await expect(piecesOf(client(later.url), query)).rejects.toMatchObject({
      code: 'datasource_unavailable',
      retryAfterMs: 3_600_000,
    });
    expect(later.seen).toHaveLength(1);
  });

  it('an answer that never ends is a timeout', async () => {
    const at = await scripted((_, response) => void response.writeHead(200).write('{"status":'));
    await expect(piecesOf(client(at.url, { timeoutMs: 100 }), query)).rejects.toMatchObject({
      code: 'datasource_timeout',
    });
  });
});

describe('whoever asked gives up', () => {
  const reason = new Error('enough');

  it('while the server thinks', async () => {
    const gaveUp = new AbortController();
    const at = await scripted(() => gaveUp.abort(reason));
    await expect(piecesOf(client(at.url), query, gaveUp.signal)).rejects.toBe(reason);
  });

  it('inside an answer', async () => {
    const gaveUp = new AbortController();
    const at = await scripted((_, response) => {
      response.writeHead(200).write(matrix(one).slice(0, 80));
      setTimeout(() => gaveUp.abort(reason), 10);
    });
    await expect(piecesOf(client(at.url), query, gaveUp.signal)).rejects.toBe(reason);
  });

  it('between two tries', async () => {
    const gaveUp = new AbortController();
    const at = await scripted((_, response) => {
      response.writeHead(503).end();
      setTimeout(() => gaveUp.abort(reason), 50);
    });
    await expect(piecesOf(client(at.url), query, gaveUp.signal)).rejects.toBe(reason);
    expect(at.seen).toHaveLength(1);
  });

  it('before its turn has come', async () => {
    let release = () => {};
    const at = await scripted(async (_, response) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      good(response);
    });
    const ours = client(at.url, { maxConcurrentQueries: 1 });
    const first = piecesOf(ours, query);
    const gaveUp = new AbortController();
    const second = piecesOf(ours, query, gaveUp.signal);
    gaveUp.abort(reason);
    await expect(second).rejects.toBe(reason);
    while (at.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    expect(await first).toHaveLength(1);
    expect(at.seen).toHaveLength(1);
  });
});

describe('many at once', () => {
  it('no more than the settings allow', async () => {
    let running = 0;
    let peak = 0;
    const at = await scripted(async (_, response) => {
      peak = Math.max(peak, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running--;
      good(response);
    });
    const ours = client(at.url, { maxConcurrentQueries: 3 });
    await Promise.all(Array.from({ length: 12 }, () => piecesOf(ours, query)));
    expect(at.seen).toHaveLength(12);
    expect(peak).toBe(3);
  });
});

describe('wide answers', () => {
  /** Series with one sample each, written as the reader takes them. */
  async function writeSeries(response: ServerResponse, count: number, timeMs: number): Promise<number> {
    const closed = new Promise<void>((resolve) => void response.once('close', resolve));
    response.writeHead(200).write('{"status":"success","data":{"resultType":"matrix","result":[');
    for (let s = 0; s < count; s++) {
      const text = `${s > 0 ? ',' : ''}{"metric":{"s":"${s}"},"values":[[${timeMs / 1000},"${s}"]]}`;
      if (response.destroyed) return s;
      if (!response.write(text)) await Promise.race([once(response, 'drain'), closed]);
    }
    response.end(']}}');
    return count;
  }

  it('are left as soon as there are too many series', async () => {
    let written = 0;
    let onClose = () => {};
    const closed = new Promise<void>((resolve) => {
      onClose = resolve;
    });
    const at = await scripted(async (_, response) => {
      response.once('close', onClose);
      written = await writeSeries(response, 3_000_000, startMs);
    });
    await expect(piecesOf(client(at.url), { ...query, limit: 10 })).rejects.toMatchObject({
      code: 'series_limit',
      message: expect.stringContaining('more than 10 series'),
    });
    await closed;
    expect(written).toBeLessThan(300_000);
  });

  it('are read again in shorter pieces when they are wider than the ones before', async () => {
    const steps = 700;
    const at = await scripted(async ({ body }, response) => {
      const endMs = Number(new URLSearchParams(body).get('end')) * 1000;
      // Only the first sixty minutes are narrow.
      await writeSeries(response, endMs < startMs + 60 * MINUTE_MS ? 1 : 10_000, endMs);
    });
    let nextMs = startMs;
    const widths: number[] = [];
    const pieces = client(at.url).queryRange(
      { ...query, endMs: startMs + (steps - 1) * MINUTE_MS },
      new AbortController().signal,
    );
    for await (const { block } of pieces) {
      expect(block.grid.startMs).toBe(nextMs);
      nextMs += block.grid.steps * MINUTE_MS;
      widths.push(block.labels.length);
      expect(block.values.length).toBeLessThanOrEqual(2_000_000);
      expect(block.values[(block.labels.length - 1) * block.grid.steps + block.grid.steps - 1]).toBe(
        block.labels.length - 1,
      );
    }
    expect(nextMs).toBe(startMs + steps * MINUTE_MS);
    expect(widths.slice(0, 2)).toEqual([1, 10_000]);
    expect(at.seen.length).toBe(widths.length + 1);
  });
});

describe('what else an answer says', () => {
  it('warnings, partial answers and histograms are told', async () => {
    const histogram = '{"metric":{"h":"1"},"histograms":[[1700000040,{"count":"1","sum":"1"}]]}';
    const body = `${matrix(one, histogram).slice(0, -1)},"isPartial":true,"warnings":["w"],"infos":["i"]}`;
    const at = await scripted((_, response) => void response.end(body));
    const [piece] = await piecesOf(client(at.url), query);
    expect(piece).toMatchObject({ samples: 3, histograms: 1, bytes: body.length });
    expect(piece!.warnings).toEqual(['w', expect.stringContaining('partial')]);
  });

  it('samples outside of the grid are not part of it', async () => {
    const edge = `{"metric":{"e":"1"},"values":[[1699999980,"0"],[1699999980.001,"1"],[1700000160.001,"2"]]}`;
    const outside = `{"metric":{"o":"1"},"values":[[1699999980,"0"],[1700000161,"2"]]}`;
    const at = await scripted((_, response) => void response.end(matrix(edge, outside)));
    const [piece] = await piecesOf(client(at.url), { ...query, query: 'm' });
    expect(piece!.block.labels).toHaveLength(1);
    expect([...piece!.block.values]).toEqual([1, Number.NaN, Number.NaN]);
  });
});
