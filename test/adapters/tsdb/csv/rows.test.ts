import { describe, expect, it } from 'vitest';
import { RowSplitter } from '../../../../src/adapters/tsdb/csv/rows.ts';

/** All rows of a text that arrives in chunks of `size` characters. */
function rowsOf(text: string, size = text.length) {
  const splitter = new RowSplitter();
  const rows = [];
  for (let i = 0; i < text.length; i += size) rows.push(splitter.push(text.slice(i, i + size)));
  rows.push(splitter.end());
  return rows.flat();
}

describe('rows of a CSV text', () => {
  it.each([
    [
      'line feeds',
      'a,b\n1,2\n',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ],
    ],
    [
      'carriage returns',
      'a,b\r\n1,2\r\n',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ],
    ],
    [
      'no line end at the end',
      'a,b\n1,2',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ],
    ],
    [
      'empty lines',
      'a,b\n\n\r\n1,2\n\n',
      [
        [1, 'a', 'b'],
        [4, '1', '2'],
      ],
    ],
    [
      'empty fields',
      'a,b,c\n,,\n',
      [
        [1, 'a', 'b', 'c'],
        [2, '', '', ''],
      ],
    ],
    [
      'semicolons',
      'a;b,c;d\n1;2,5;3\n',
      [
        [1, 'a', 'b,c', 'd'],
        [2, '1', '2,5', '3'],
      ],
    ],
    [
      'tabs',
      'a\tb\n1\t2\n',
      [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ],
    ],
    [
      'quotes',
      'a,b\n"x, ""y""",2\n"",""\n',
      [
        [1, 'a', 'b'],
        [2, 'x, "y"', '2'],
        [3, '', ''],
      ],
    ],
    [
      'line ends in quotes',
      'a,b\n"x\ny\r\nz",2\n3,4\n',
      [
        [1, 'a', 'b'],
        [2, 'x\ny\r\nz', '2'],
        [5, '3', '4'],
      ],
    ],
    [
      'a quote inside a field',
      'a,b\n5" disk,2\n',
      [
        [1, 'a', 'b'],
        [2, '5" disk', '2'],
      ],
    ],
  ])('with %s, however the chunks fall', (_, text, expected) => {
    for (const size of [1, 2, 3, 5, 1000]) {
      expect(rowsOf(text, size)).toEqual(expected.map(([line, ...fields]) => ({ line, fields })));
    }
  });

  it('a quote that never closes is found long before the end of the file', () => {
    const splitter = new RowSplitter();
    expect(splitter.push('a,b\n1,2\n3,"4\n')).toHaveLength(2);
    let pushed = 0;
    let answer = splitter.push('5,6\n');
    while (Array.isArray(answer) && pushed < 1_000_000) {
      answer = splitter.push('5,6\n'.repeat(1000));
      pushed += 4000;
    }
    expect(answer).toEqual({ endlessLine: 3 });
    expect(pushed).toBeLessThan(100_000);
  });

  it('a quote that is open at the end is told', () => {
    const splitter = new RowSplitter();
    splitter.push('a,b\n1,"2\n');
    expect(splitter.end()).toEqual({ endlessLine: 2 });
  });
});
