import { describe, expect, it } from 'vitest';
import { judge, retryAfterMs } from '../../../../src/adapters/publisher/remote-write/answer.ts';

const NOW_MS = Date.parse('2026-11-23T12:00:00Z');
const ASKED = { protocol: 1, samples: 10, retryOnHttp429: false, nowMs: NOW_MS } as const;
const WRITTEN = 'x-prometheus-remote-write-samples-written';
const refused = (written = 0) => ({ kind: 'refused', written });
const retry = (isCapped = false) => ({ kind: 'retry', isCapped });

describe('answers', () => {
  it.each<[string, 1 | 2, number, Record<string, string>, string, object]>([
    ['204', 1, 204, {}, '', { kind: 'accepted', written: 10 }],
    ['200 with a body', 1, 200, {}, 'whatever', { kind: 'accepted', written: 10 }],
    ['2.0: 204 that counts', 2, 204, { [WRITTEN]: '10' }, '', { kind: 'accepted', written: 10 }],
    ['2.0: 204 that counts less', 2, 204, { [WRITTEN]: '0' }, '', { kind: 'accepted', written: 0 }],
    ['2.0: 204 that does not count', 2, 204, {}, '', { kind: 'other_protocol' }],
    ['2.0: 204 with nonsense for a count', 2, 204, { [WRITTEN]: 'all' }, '', { kind: 'other_protocol' }],
    ['2.0: 415', 2, 415, {}, 'not accepted by this server', { kind: 'other_protocol' }],
    ['1.0: 415', 1, 415, {}, 'gzip is not accepted', refused()],
    ['2.0: partial write', 2, 400, { [WRITTEN]: '7' }, 'out of order sample', refused(7)],
    ['500', 1, 500, {}, 'boom', retry()],
    ['503', 1, 503, {}, 'Service Unavailable', retry()],
    ['500 that no retry heals: age', 1, 500, {}, 'too old sample\n', retry(true)],
    ['500 that no retry heals: names', 1, 500, {}, 'label name "a" is not unique: invalid sample', retry(true)],
    ['500 that no retry heals: no labels', 1, 500, {}, 'empty labelset: invalid sample', retry(true)],
    ['503 with such a text', 1, 503, {}, 'too old sample', retry()],
    ['Prometheus: order', 1, 400, {}, 'out of order sample\n', { kind: 'bad_samples' }],
    ['Prometheus: bounds', 1, 400, {}, 'out of bounds: timestamp is too far in the future', { kind: 'bad_samples' }],
    ['Prometheus: rewrite', 1, 400, {}, 'duplicate sample for timestamp 5; overrides', { kind: 'bad_samples' }],
    ['Prometheus: size', 1, 400, {}, 'decoded size exceeds the 33554432 bytes limit', { kind: 'bad_samples' }],
    ['VictoriaMetrics: size', 1, 400, {}, 'too big data size 34804444 exceeding 33554432', { kind: 'bad_samples' }],
    [
      'Mimir: order',
      1,
      400,
      {},
      'user=x: the sample has been rejected (err-mimir-sample-out-of-order)',
      { kind: 'bad_samples' },
    ],
    ['body too large', 1, 413, {}, '', { kind: 'bad_samples' }],
    ['a body that cannot be read', 1, 400, {}, 'snappy: corrupt input', refused()],
    ['a 400 that says nothing', 1, 400, {}, 'bad request', refused()],
    ['401', 1, 401, {}, 'Unauthorized', refused()],
    ['404', 1, 404, {}, 'remote write receiver needs to be enabled with --x', refused()],
    ['409', 1, 409, {}, '', refused()],
    ['a redirect that was not followed', 1, 307, {}, '', refused()],
    ['429 when it may not wait', 1, 429, {}, '', refused()],
  ])('%s', (_name, protocol, status, headers, body, verdict) => {
    expect(judge({ status, headers }, body, { ...ASKED, protocol })).toMatchObject(verdict);
  });

  it('a refused sample that was alone is refused for good', () => {
    expect(judge({ status: 400, headers: {} }, 'out of order sample', { ...ASKED, samples: 1 })).toMatchObject(
      refused(),
    );
  });

  it('429 waits when it may, as long as it is told to', () => {
    const headers = { 'retry-after': '10' };
    expect(judge({ status: 429, headers }, '', { ...ASKED, retryOnHttp429: true })).toEqual({
      kind: 'retry',
      afterMs: 10_000,
      isCapped: false,
    });
  });

  it.each([
    ['404', 404, '--web.enable-remote-write-receiver'],
    ['401', 401, 'basic_auth'],
    ['429', 429, 'retry_on_http_429'],
  ])('%s comes with a hint', (_name, status, hint) => {
    expect(judge({ status, headers: {} }, '', ASKED)).toMatchObject({ hint: expect.stringContaining(hint) });
  });

  it.each([
    ['seconds', '120', 120_000],
    ['no time at all', '0', 0],
    ['a date', 'Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['a date that is past', 'Mon, 23 Nov 2026 11:59:00 GMT', undefined],
    ['nonsense', 'soon', undefined],
    ['nothing', undefined, undefined],
  ])('Retry-After: %s', (_name, text, expected) => {
    expect(retryAfterMs(text, NOW_MS)).toBe(expected);
  });
});
