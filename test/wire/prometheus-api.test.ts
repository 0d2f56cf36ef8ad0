import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Labels, labelsFromRecord } from '../../src/series/labels.ts';
import { decodeAnswer } from '../../src/wire/prometheus-api.ts';
import type { ApiAnswer } from '../../src/wire/prometheus-api-answer.ts';
import { LabelCache } from '../../src/wire/prometheus-api-labels.ts';

interface DecodedSeries {
  readonly labels: Labels;
  readonly samples: [timeMs: number, value: number][];
}

async function* chunked(body: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let from = 0, i = 0; from < body.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? body.length);
    yield body.subarray(from, from + size);
    from += size;
  }
}

async function decode(
  text: string,
  options: { readonly sizes?: readonly number[]; readonly labels?: LabelCache } = {},
): Promise<{ answer: ApiAnswer; series: DecodedSeries[] }> {
  const series: DecodedSeries[] = [];
  const answer = await decodeAnswer(chunked(Buffer.from(text), options.sizes ?? [text.length]), {
    labels: options.labels ?? new LabelCache(100),
    take: (labels, { timesMs, values, count }) => {
      series.push({ labels, samples: Array.from({ length: count }, (_, i) => [timesMs[i]!, values[i]!]) });
    },
  });
  return { answer, series };
}

const matrix = (result: string) => `{"status":"success","data":{"resultType":"matrix","result":[${result}]}}`;
const up = labelsFromRecord({ __name__: 'up', job: 'a' });

describe('what servers answer', () => {
  it('a matrix', async () => {
    const { answer, series } = await decode(
      matrix(
        '{"metric":{"__name__":"up","job":"a"},"values":[[1700000000,"1"],[1700000015.5,"0.25"],[1700000030.007,"-3e-7"]]},' +
          '{"metric":{},"values":[[1700000000.12,"NaN"],[1700000015,"+Inf"],[1700000030,"-Inf"]]}',
      ),
    );
    expect(series).toEqual([
      {
        labels: up,
        samples: [
          [1_700_000_000_000, 1],
          [1_700_000_015_500, 0.25],
          [1_700_000_030_007, -3e-7],
        ],
      },
      {
        labels: labelsFromRecord({}),
        samples: [
          [1_700_000_000_120, Number.NaN],
          [1_700_000_015_000, Number.POSITIVE_INFINITY],
          [1_700_000_030_000, Number.NEGATIVE_INFINITY],
        ],
      },
    ]);
    expect(answer).toMatchObject({ status: 'success', resultType: 'matrix', series: 2, samples: 6, histograms: 0 });
  });

  it('a vector, with the statistics, warnings and infos of newer servers', async () => {
    const text =
      '{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1700000000,"1"]}],"stats":{"seriesFetched":"1"}},"stats":{"a":["]}"]},"warnings":["w"],"infos":["i1","i2"]}';
    const { answer, series } = await decode(text);
    expect(series).toEqual([{ labels: up, samples: [[1_700_000_000_000, 1]] }]);
    expect(answer).toMatchObject({ isPartial: true, warnings: ['w'], infos: ['i1', 'i2'], resultType: 'vector' });
    expect(answer.bytes).toBe(text.length);
  });

  it('keys in any order', async () => {
    const { answer, series } = await decode(
      '{"data":{"result":[{"values":[[1700000000,"1"]],"metric":{"__name__":"up","job":"a"}}],"resultType":"matrix"},"status":"success"}',
    );
    expect(series).toEqual([{ labels: up, samples: [[1_700_000_000_000, 1]] }]);
    expect(answer.resultType).toBe('matrix');
  });

  it('native histograms, alone and beside samples', async () => {
    const histogram = '[1700000000,{"count":"1","sum":"2","buckets":[[0,"0.5","1","2"]]}]';
    const { answer, series } = await decode(
      matrix(
        `{"metric":{"__name__":"up","job":"a"},"histograms":[${histogram}],"values":[[1700000000,"1"]]},` +
          `{"metric":{"__name__":"h"},"histograms":[${histogram},${histogram}]},{"metric":{"__name__":"h2"},"histogram":${histogram}}`,
      ),
    );
    expect(series.map(({ labels }) => labels)).toEqual([up]);
    expect(answer).toMatchObject({ series: 1, histograms: 2 });
  });

  it.each([
    ['scalar', '[1700000000,"2"]'],
    ['string', '[1700000000,"a ] } \\" b"]'],
  ])('a %s', async (type, result) => {
    const { answer, series } = await decode(`{"status":"success","data":{"resultType":"${type}","result":${result}}}`);
    expect(answer.resultType).toBe(type);
    expect(series).toEqual([]);
  });

  it('an error', async () => {
    const { answer } = await decode('{"status":"error","errorType":"bad_data","error":"1:5: \\"é\\"","data":null}');
    expect(answer).toMatchObject({ status: 'error', errorType: 'bad_data', error: '1:5: "é"' });
  });

  it('labels with escapes, other scripts and broken bytes', async () => {
    const { series } = await decode(
      matrix('{"metric":{"a\\"\\\\":"\\u00e9é😀\\n]}","__proto__":"p","empty":""},"values":[[1,"1"]]}'),
    );
    expect(series[0]!.labels.pairs).toEqual(['__proto__', 'p', 'a"\\', 'éé😀\n]}']);
  });

  it('numbers as long as they come', async () => {
    const long = `0.${'0'.repeat(700)}1`;
    const { series } = await decode(
      matrix(`{"metric":{},"values":[[1700000000,"${long}"],[1700000001.23456,"1${'0'.repeat(300)}"],[1.7e9,"1"]]}`),
    );
    expect(series[0]!.samples).toEqual([
      [1_700_000_000_000, Number(long)],
      [1_700_000_001_235, 1e300],
      [1_700_000_000_000, 1],
    ]);
  });
});

describe('what no server answers', () => {
  const series = '{"metric":{"a":"b"},"values":[[1,"1"]]}';
  it.each([
    ['nothing', ''],
    ['a page', '<html><body>Sign in</body></html>'],
    ['a list', '[]'],
    ['no status', '{"data":{}}'],
    ['another status', '{"status":"fine"}'],
    ['text after the end', `${matrix(series)}x`],
    ['a comma before the end of an object', '{"status":"success",}'],
    ['a comma before the end of a list', matrix(`${series},`)],
    ['two commas', matrix(`${series},,${series}`)],
    ['no comma', matrix(`${series}${series}`)],
    ['no comma between keys', '{"status":"success" "data":null}'],
    ['no colon', '{"status" "success"}'],
    ['no value', '{"status":}'],
    ['an unquoted key', '{status:"success"}'],
    ['a closing bracket of the wrong kind', '{"status":"success","data":{"result":[}}'],
    ['series without labels', matrix('{"values":[[1,"1"]]}')],
    ['labels that are no strings', matrix('{"metric":{"a":1},"values":[[1,"1"]]}')],
    ['labels in a list', matrix('{"metric":["a"],"values":[[1,"1"]]}')],
    ['a sample without a value', matrix('{"metric":{},"values":[[1]]}')],
    ['a sample of three', matrix('{"metric":{},"values":[[1,"1","2"]]}')],
    ['a value that is no number', matrix('{"metric":{},"values":[[1,"one"]]}')],
    ['an empty value', matrix('{"metric":{},"values":[[1,""]]}')],
    ['a value in hexadecimal', matrix('{"metric":{},"values":[[1,"0x10"]]}')],
    ['a value without quotes', matrix('{"metric":{},"values":[[1,1]]}')],
    ['a time without digits', matrix('{"metric":{},"values":[[,"1"]]}')],
    ['a time in quotes', matrix('{"metric":{},"values":[["1","1"]]}')],
    ['samples that are no lists', matrix('{"metric":{},"values":[1]}')],
    ['a comma at the end of the samples', matrix('{"metric":{},"values":[[1,"1"],]}')],
  ])('%s', async (_, text) => {
    for (const sizes of [[text.length], [1]]) {
      await expect(decode(text, { sizes })).rejects.toMatchObject({ code: 'query_answer_malformed' });
    }
  });

  it('an answer that breaks off, anywhere', async () => {
    const text = `${matrix(`${series},{"metric":{"é":"\\""},"values":[[1700000000.5,"1.5"],[1700000001,"NaN"]]}`).slice(0, -1)},"stats":{"x":1.5}}`;
    await decode(text);
    for (let length = 0; length < text.length; length++) {
      await expect(decode(text.slice(0, length), { sizes: [7] }), text.slice(0, length)).rejects.toMatchObject({
        code: 'query_answer_malformed',
      });
    }
  });

  it('a value too long to hold, without holding it', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"status":"success","error":"');
      for (let i = 0; i < 1000; i++) yield Buffer.alloc(1024 * 1024, 0x61);
    }
    await expect(decodeAnswer(endless(), { labels: new LabelCache(1), take: () => {} })).rejects.toThrow(
      /more than 8 MiB/,
    );
  });
});

describe('label sets', () => {
  it('are the same objects at each read, as long as the cache holds them', async () => {
    const labels = new LabelCache(2);
    const answer = (...names: string[]) =>
      matrix(names.map((name) => `{"metric":{"n":"${name}"},"values":[[1,"1"]]}`).join(','));
    const first = (await decode(answer('a', 'b'), { labels })).series;
    const second = (await decode(answer('a', 'b'), { labels })).series;
    expect(second[0]!.labels).toBe(first[0]!.labels);
    expect(second[1]!.labels).toBe(first[1]!.labels);
    await decode(answer('c', 'd', 'e', 'f', 'g'), { labels });
    const third = (await decode(answer('a'), { labels })).series;
    expect(third[0]!.labels).not.toBe(first[0]!.labels);
    expect(third[0]!.labels).toEqual(first[0]!.labels);
  });
});

/** JSON as any server might write it: strings with or without escapes, numbers as Go writes them. */
const labelText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ maxLength: 30 }),
  fc.constant('"}],\\'),
);
const valueText = fc.oneof(
  fc.constantFrom('NaN', '+Inf', '-Inf', '0', '-0', '1e+21', '5e-324'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
  fc.double({ min: 0, max: 1000, noNaN: true }).map((value) => value.toFixed(3)),
);
const timeText = fc
  .tuple(fc.integer({ min: 0, max: 2_000_000_000 }), fc.integer({ min: 0, max: 999 }))
  .map(([seconds, ms]) => (seconds * 1000 + ms) / 1000);
const seriesObject = fc
  .record(
    {
      metric: fc.dictionary(labelText, labelText, { maxKeys: 6 }),
      values: fc.array(fc.tuple(timeText, valueText), { maxLength: 60 }),
      histograms: fc.array(fc.tuple(timeText, fc.record({ count: valueText }))),
      unknown: fc.jsonValue(),
    },
    { requiredKeys: ['metric'] },
  )
  .chain((record) => shuffledKeys(record));
const answerObject = fc
  .record({
    series: fc.array(seriesObject, { maxLength: 8 }),
    stats: fc.jsonValue(),
    warnings: fc.array(labelText, { maxLength: 2 }),
  })
  .chain(({ series, stats, warnings }) =>
    shuffledKeys({ resultType: 'matrix', result: series, stats }).chain((data) =>
      shuffledKeys({ status: 'success', data, stats, warnings }),
    ),
  );

function shuffledKeys(record: object): fc.Arbitrary<object> {
  return fc.shuffledSubarray(Object.entries(record), { minLength: Object.keys(record).length }).map(Object.fromEntries);
}

function asReference(text: string): { labels: Labels; samples: [number, number][] }[] {
  const special: Record<string, number> = {
    NaN: Number.NaN,
    '+Inf': Number.POSITIVE_INFINITY,
    '-Inf': Number.NEGATIVE_INFINITY,
  };
  const { data } = JSON.parse(text) as {
    data: { result: { metric: Record<string, string>; values?: [number, string][] }[] };
  };
  return data.result
    .filter(({ values }) => values !== undefined && values.length > 0)
    .map(({ metric, values }) => ({
      labels: labelsFromRecord(metric),
      samples: values!.map(([seconds, value]) => [Math.round(seconds * 1000), special[value] ?? Number(value)]),
    }));
}

describe('any answer, cut anywhere', () => {
  it('is what JSON.parse makes of it', async () => {
    const labels = new LabelCache(50);
    await fc.assert(
      fc.asyncProperty(
        answerObject,
        fc.constantFrom(undefined, 1, '\t', '\r\n '),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
        async (object, indent, escaped, sizes) => {
          const plain = JSON.stringify(object, undefined, indent);
          const text = escaped
            ? plain.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
            : plain;
          const { answer, series } = await decode(text, { sizes, labels });
          expect(series).toEqual(asReference(text));
          expect(answer.bytes).toBe(Buffer.byteLength(text));
          expect(answer.warnings).toEqual((object as { warnings: string[] }).warnings);
          expect(answer.samples).toBe(series.reduce((sum, { samples }) => sum + samples.length, 0));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives timers a turn while a big chunk is decoded', async () => {
    const values = Array.from({ length: 20_000 }, (_, i) => `[${1_700_000_000 + i},"${i}.5"]`).join(',');
    const body = Buffer.from(
      matrix(Array.from({ length: 4 }, (_, s) => `{"metric":{"s":"${s}"},"values":[${values}]}`).join(',')),
    );
    let turns = 0;
    const count = () => {
      turns++;
      pending = setImmediate(count);
    };
    let pending = setImmediate(count);
    await decodeAnswer(chunked(body, [body.length]), { labels: new LabelCache(10), take: () => {} });
    clearImmediate(pending);
    expect(turns).toBeGreaterThanOrEqual(Math.floor(body.length / (64 * 1024)));
  });

  it('ends with what the taker throws', async () => {
    const enough = new Error('enough');
    const text = matrix('{"metric":{},"values":[[1,"1"]]}');
    const take = () => {
      throw enough;
    };
    await expect(decodeAnswer(chunked(Buffer.from(text), [10]), { labels: new LabelCache(1), take })).rejects.toBe(
      enough,
    );
  });
});
