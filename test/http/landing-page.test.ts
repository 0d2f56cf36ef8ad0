import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatAge, formatCount, formatScore, formatSpan, formatValue } from '../../src/http/landing-format.ts';
import { LANDING_POLICY, type LandingPage, renderLandingPage } from '../../src/http/landing-page.ts';
import { labelsFromRecord } from '../../src/series/labels.ts';
import { anomalyEvent, pipelineStatus } from './serve.ts';

function render(overrides: Partial<LandingPage> = {}): string {
  return renderLandingPage({
    info: { version: '1.2.3', startedMs: 0 },
    pipelines: [],
    isReady: true,
    nowMs: 100_000,
    root: '',
    telemetryPath: '/metrics',
    ...overrides,
  });
}

/** What a reader sees of one table row, cell by cell. */
function cells(page: string, of: 'pipeline' | 'anomaly' = 'pipeline'): string[] {
  const from = page.indexOf(`<tr class="${of}`);
  const row = page.slice(from, page.indexOf('</tbody>', from));
  return [...row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map((match) =>
    match[1]!
      .replace(/<[^>]*>/g, ' ')
      .replace(/[ \n]+/g, ' ')
      .trim(),
  );
}

describe('the landing page', () => {
  it('shows a pipeline with its health, age, series, scores and engines', () => {
    const pipeline = pipelineStatus({
      description: 'CPU busy',
      query: 'rate(cpu[5m])',
      lastEvaluationMs: 70_000,
      lastEvaluationDurationMs: 38.4,
      series: 1240,
      warmingUp: 7,
      flagged: 3,
      highestScore: 2.345,
      engines: { ets: 3, climatology: 1230, seasonal_naive: 0 },
    });
    expect(cells(render({ pipelines: [pipeline] }))).toEqual([
      'cpu CPU busy rate(cpu[5m])',
      'ok',
      '30 s ago in 38 ms',
      '1\u2009240 7 warming up',
      '3',
      '2.35',
      'climatology 1\u2009230 ets 3',
    ]);
  });

  it('shows the last error in full', () => {
    const lastError = 'query_rejected: 1:5: parse error: unexpected <eof>\nsecond line';
    const page = render({ pipelines: [pipelineStatus({ health: 'error', lastError, lastEvaluationMs: undefined })] });
    expect(cells(page)).toEqual([
      'cpu up',
      'error',
      'not yet',
      '0',
      '0',
      '–',
      '–',
      'query_rejected: 1:5: parse error: unexpected &lt;eof&gt; second line',
    ]);
  });

  it.each([
    [{ enabled: true, health: 'starting' }, 'starting'],
    [{ enabled: false, health: 'starting' }, 'disabled'],
    [{ enabled: false, health: 'error' }, 'disabled'],
  ] as const)('calls %o %s', (overrides, word) => {
    expect(cells(render({ pipelines: [pipelineStatus(overrides)] }))[1]).toBe(word);
  });

  it.each([
    [{ series: 0, engines: {} }, 'not yet'],
    [{ series: 1000, engines: {} }, 'not yet first look'],
    [{ series: 1000, engines: { ets: 400, calendar: 12 } }, 'not yet 412 of 1\u2009000 forecast'],
  ])('says how far a pipeline is that starts: %o', (overrides, words) => {
    const pipeline = pipelineStatus({ health: 'starting', lastEvaluationMs: undefined, ...overrides });
    expect(cells(render({ pipelines: [pipeline] }))[2]).toBe(words);
  });

  it('heads each group with its file', () => {
    const pipelines = [
      pipelineStatus({ name: 'a', group: 'one', file: 'one.yaml' }),
      pipelineStatus({ name: 'b', group: 'two', file: 'two.yaml' }),
      pipelineStatus({ name: 'c', group: 'one', file: 'one.yaml' }),
    ];
    const names = [...render({ pipelines }).matchAll(/rowgroup">(\w+)<span class="file">([\w.]+)|class="name">(\w+)/g)];
    expect(names.map((match) => match[3] ?? `${match[1]} ${match[2]}`)).toEqual([
      'one one.yaml',
      'a',
      'c',
      'two two.yaml',
      'b',
    ]);
  });

  it('shows what is anomalous, with its worst sample', () => {
    const page = render({ anomalies: [anomalyEvent()], nowMs: 400_000 });
    expect(cells(page, 'anomaly')).toEqual([
      'orders instance=&quot;a&quot;,job=&quot;shop&quot;',
      'open',
      '5 min ago for 1 min',
      'below',
      '3.10 jump',
      '2',
      '28.13 – 55 expected 41.5',
    ]);
    expect(page).toContain('<strong>1</strong><span>open anomaly</span>');
  });

  it('shows open anomalies first, then the newest, and a few of many', () => {
    const HOUR_MS = 3_600_000;
    const over = { ending: 'series_ended', lastMs: 50 * HOUR_MS } as const;
    const anomalies = [
      ...Array.from({ length: 20 }, (_, i) =>
        anomalyEvent({ ...over, pipeline: `over_${i}`, startMs: (49 - i / 60) * HOUR_MS }),
      ),
      anomalyEvent({ pipeline: 'lasting', startMs: 0 }),
      anomalyEvent({ ...over, pipeline: 'old', startMs: 0, lastMs: 20 * HOUR_MS }),
    ];
    const page = render({ anomalies, nowMs: 50 * HOUR_MS });
    const names = [...page.matchAll(/<tr class="anomaly">\n<th scope="row"><span class="name">(\w+)/g)];
    expect(names.map((match) => match[1])).toEqual(['lasting', ...[0, 1, 2, 3, 4, 5, 6].map((i) => `over_${i}`)]);
    expect(page).toContain('<a href="/api/v1/anomalies">13 more, as JSON</a>');
    expect(cells(page, 'anomaly')[8]).toBe('series ended');
    expect(render({ anomalies: anomalies.slice(-1), nowMs: 50 * HOUR_MS })).toContain(
      'No anomalies within the last day',
    );
  });

  it('says what to do when nothing is loaded', () => {
    expect(render()).toContain('No pipelines are loaded');
  });

  it('counts what is flagged in its title', () => {
    const pipelines = [pipelineStatus({ flagged: 2 }), pipelineStatus({ name: 'b', flagged: 3 })];
    expect(render({ pipelines })).toContain('<title>(5) OpenAnomaly</title>');
    expect(render()).toContain('<title>OpenAnomaly</title>');
  });

  it('names version, data sources, configuration and links below its root', () => {
    const info = {
      version: '1.2.3-<rc>',
      startedMs: 0,
      configFile: '/etc/a&b.yaml',
      dataSources: () => [{ name: 'main', kind: 'prometheus', target: 'http://prom:9090/?a="b"' }],
    };
    const page = render({ info, anomalies: [], root: '/x', telemetryPath: '/probe' });
    for (const text of [
      '1.2.3-&lt;rc&gt;',
      '/etc/a&amp;b.yaml',
      'Data source main',
      'http://prom:9090/?a=&quot;b&quot;',
    ])
      expect(page).toContain(text);
    expect([...page.matchAll(/<a href="([^"]*)"/g)].map((match) => match[1])).toEqual([
      '/x/api/v1/anomalies',
      '/x/api/v1/incidents',
      '/x/probe',
      '/x/-/ready',
      '/x/-/healthy',
      '/x/api/v1/anomalies',
    ]);
  });

  it('lets nothing of a pipeline become markup', () => {
    const evil = '"><script>alert(1)</script>\'&';
    const pipeline = pipelineStatus({
      name: evil,
      group: evil,
      file: evil,
      description: evil,
      query: evil,
      lastError: evil,
      engines: { [evil]: 1 },
    });
    const anomaly = anomalyEvent({
      pipeline: evil,
      labels: labelsFromRecord({ a: evil }),
      peak: { ...anomalyEvent().peak, view: evil },
    });
    const page = render({
      anomalies: [anomaly],
      pipelines: [pipeline],
      info: { version: evil, startedMs: 0, configFile: evil },
    });
    expect(page).not.toContain('<script>alert');
    expect(page.match(/<script>/g)).toHaveLength(1);
    expect(page.match(/&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;&#39;&amp;/g)!.length).toBeGreaterThan(9);
  });

  it('is allowed its own style and script by their hashes, and nothing else', () => {
    const page = render();
    for (const [tag, directive] of [
      ['style', 'style-src'],
      ['script', 'script-src'],
    ]) {
      const text = page.slice(page.indexOf(`<${tag}>`) + tag!.length + 2, page.indexOf(`</${tag}>`));
      const hash = createHash('sha256').update(text).digest('base64');
      expect(LANDING_POLICY).toContain(`${directive} 'sha256-${hash}'`);
    }
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect(page).not.toMatch(/ style=| on\w+=/);
  });
});

describe('formats', () => {
  it.each([
    [-5_000, 'now'],
    [999, 'now'],
    [1_000, '1 s ago'],
    [9_950, '9.9 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [3_599_999, '59 min ago'],
    [7_500_000, '2 h 5 min ago'],
    [7_200_000, '2 h ago'],
    [90_000_000, '1 d 1 h ago'],
  ])('an age of %i ms is %s', (ageMs, text) => {
    expect(formatAge(ageMs)).toBe(text);
  });

  it.each([
    [0, 'under 1 ms'],
    [1, '1 ms'],
    [999.4, '999 ms'],
    [1_250, '1.2 s'],
  ])('a span of %d ms is %s', (spanMs, text) => {
    expect(formatSpan(spanMs)).toBe(text);
  });

  it.each([
    [0, '0'],
    [999, '999'],
    [1_000, '1\u2009000'],
    [1_234_567, '1\u2009234\u2009567'],
  ])('a count of %i is %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it.each([
    [0, '0'],
    [-0.0123456, '-0.01235'],
    [999.96, '1000'],
    [-12_345.6, '-12\u2009346'],
    [1.5e9, '1.500e+9'],
    [0.00012, '0.0001200'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NaN, 'NaN'],
  ])('a value of %d is %s', (value, text) => {
    expect(formatValue(value)).toBe(text);
  });

  it.each([
    [0, '0.00'],
    [0.995, '0.99'],
    [99.99, '99.99'],
    [128.4, '128'],
    [12_345, '12\u2009345'],
    [1e9, '1.0e+9'],
  ])('a score of %d is %s', (score, text) => {
    expect(formatScore(score)).toBe(text);
  });
});
