import { expect, test } from 'vitest';
import { reference } from '../../src/document/reference.ts';
import { choice, duration, list, nodeOf, number, optional, section, text } from '../../src/document/schema.ts';

const inner = section(
  { level: number({ description: 'A | B.', exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.5 }) },
  { title: 'inner part', description: 'Inside.', default: {} },
);

const schema = section(
  {
    name: text({ description: 'Who.' }),
    wait: duration({ description: 'How long.', default: '5m' }),
    kind: choice(['a', 'b', 'c'], { description: 'Which.', default: 'a', unavailable: ['c'] }),
    ends: optional(list(number({ description: 'One.' }), { description: 'Both ends.', minItems: 2, maxItems: 2 })),
    inner,
    later: optional(section({}, { title: 'later', description: 'Some day.', 'x-unavailable': 'it' })),
  },
  { title: 'outer', description: 'Outside.' },
);

test('a table for each section, with what is not there yet marked', () => {
  expect(reference(nodeOf(schema), 2)).toBe(`## outer

Outside.

| key | type | default | meaning |
|---|---|---|---|
| \`name\` | text | **required** | Who. |
| \`wait\` | duration | \`5m\` | How long. |
| \`kind\` | \`a\` \`b\` | \`a\` | Which. Not available in this version: \`c\`. |
| \`ends\` | list of 2 × number |  | Both ends. |
| \`inner\` | [inner part](#inner-part) |  | Inside. |
| \`later\` | map |  | Some day. *Not available in this version.* |

## inner part

Inside.

| key | type | default | meaning |
|---|---|---|---|
| \`level\` | number above 0 and below 1 | \`0.5\` | A \\| B. |
`);
});
