import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelsFromRecord } from '../../src/series/labels.ts';
import { familyHead, formatValue, LineWriter, labelText, withoutSeries } from '../../src/wire/exposition.ts';

describe('labelText', () => {
  const rows = [
    { name: 'plain labels', labels: { job: 'node', instance: 'db:9100' }, text: 'instance="db:9100",job="node"' },
    { name: 'no labels', labels: {}, text: '' },
    {
      name: 'a quote, a backslash and a line feed',
      labels: { path: 'C:\\a "b"\nc' },
      text: 'path="C:\\\\a \\"b\\"\\nc"',
    },
    { name: 'a zero byte', labels: { a: 'x\0y' }, text: 'a="x\u{FFFD}y"' },
    { name: 'a name with a dot', labels: { 'service.name': 'shop' }, text: 'service_name="shop"' },
    { name: 'a name that starts with a digit', labels: { '2xx': 'a' }, text: '_2xx="a"' },
    { name: 'a name of other letters', labels: { größe: 'a' }, text: 'gr__e="a"' },
    {
      name: 'two names that become equal',
      labels: { 'a-b': '1', 'a.b': '2' },
      text: 'a_b="1",a_b_="2"',
    },
    {
      name: 'a name that becomes one that is there',
      labels: { 'a-b': '1', a_b: '2' },
      text: 'a_b_="1",a_b="2"',
    },
    { name: 'the name of the metric', labels: { __name__: 'up', job: 'a' }, text: 'job="a"' },
  ];
  it.each(rows)('writes $name', ({ labels, text }) => {
    expect(labelText(labelsFromRecord(labels))).toBe(text);
  });

  it('holds no name twice and only legal names, whatever the labels are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 4 }), fc.string()), (record) => {
        const text = labelText(labelsFromRecord(record));
        const names = [...text.matchAll(/(?:^|,)([^=,]*)="(?:[^"\\\n]|\\["\\n])*"/g)].map((match) => match[1]!);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
        const kept = Object.entries(record).filter(([name, value]) => value !== '' && name !== '__name__');
        expect(names).toHaveLength(kept.length);
      }),
    );
  });
});

describe('formatValue', () => {
  const rows = [
    { value: 0, text: '0' },
    { value: -0, text: '0' },
    { value: 1e21, text: '1e+21' },
    { value: 5e-324, text: '5e-324' },
    { value: 0.1 + 0.2, text: '0.30000000000000004' },
    { value: Number.POSITIVE_INFINITY, text: '+Inf' },
    { value: Number.NEGATIVE_INFINITY, text: '-Inf' },
    { value: Number.NaN, text: 'NaN' },
  ];
  it.each(rows)('writes $value as $text', ({ value, text }) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('familyHead', () => {
  it('escapes backslashes and line feeds, in OpenMetrics quotes too', () => {
    const help = 'a "b" \\ c\nd';
    expect(familyHead('x', help, 'gauge', 'text')).toBe('# HELP x a "b" \\\\ c\\nd\n# TYPE x gauge\n');
    expect(familyHead('x', help, 'gauge', 'openmetrics')).toBe('# HELP x a \\"b\\" \\\\ c\\nd\n# TYPE x gauge\n');
  });
});

describe('LineWriter', () => {
  const column = {
    name: 'oa_score',
    series: ['a="1"', undefined, '', 'a="4"', 'a="5"'],
    extra: '',
    values: Float64Array.of(0.5, 1, 2, Number.NaN, Number.NEGATIVE_INFINITY),
    present: undefined,
  };

  it('writes a line a series, but none for NaN and for series left out', () => {
    const writer = new LineWriter();
    writer.write(column);
    expect(writer.take().toString()).toBe('oa_score{a="1"} 0.5\noa_score{} 2\noa_score{a="5"} -Inf\n');
    expect(writer.take()).toHaveLength(0);
  });

  it('leaves out series that are not present, adds extra labels and writes ranges', () => {
    const writer = new LineWriter();
    const present = Float64Array.of(Number.NaN, 1, 1, 1, 1);
    writer.write({ ...column, extra: 'horizon="1h"', present }, 0, 3);
    writer.write({ ...column, extra: 'horizon="1h"', present }, 3, 9);
    expect(writer.take().toString()).toBe('oa_score{horizon="1h"} 2\noa_score{a="5",horizon="1h"} -Inf\n');
  });

  it('grows with what is written, text beyond ASCII included', () => {
    const series = Array.from({ length: 5000 }, (_, s) => `name="日本-${s}"`);
    const values = Float64Array.from(series, (_, s) => s / 3);
    const writer = new LineWriter();
    writer.write({ name: 'oa_value', series, extra: '', values, present: undefined });
    const expected = series.map((labels, s) => `oa_value{${labels}} ${values[s]}\n`).join('');
    expect(writer.take().toString()).toBe(expected);
  });
});

describe('withoutSeries', () => {
  const part = Buffer.from('oa_x{a="1"} 1\noa_x{a="} 2",b="ü"} 2\noa_x{} 3\n');

  it('cuts the lines of the named series only', () => {
    expect(withoutSeries(part, 'oa_x', new Set(['a="} 2",b="ü"'])).toString()).toBe('oa_x{a="1"} 1\noa_x{} 3\n');
    expect(withoutSeries(part, 'oa_x', new Set(['a="1"', ''])).toString()).toBe('oa_x{a="} 2",b="ü"} 2\n');
  });

  it('gives the part itself back when nothing is cut', () => {
    expect(withoutSeries(part, 'oa_x', new Set(['a="2"']))).toBe(part);
  });
});
