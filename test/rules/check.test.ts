import { expect, test } from 'vitest';
import { checkNames } from '../../src/rules/check.ts';
import { parseRules } from '../../src/rules/parse.ts';
import { formatProblem } from '../../src/rules/problem.ts';

test('a pipeline name is unique over all files, wherever the second one stands', () => {
  const a = parseRules('groups:\n- name: g\n  pipelines:\n  - {name: cpu, query: up}\n', 'a.yaml');
  const b = parseRules(
    'pipelines:\n- {name: mem, query: up}\n- {query: up, name: cpu}\n- {name: mem, query: up}\n',
    'b.yaml',
  );
  expect(checkNames([...a.places, ...b.places]).map(formatProblem)).toEqual([
    'b.yaml: 3:21: group "b", pipeline 2, "cpu": name: taken at a.yaml:4:12; names of pipelines are unique over all files',
    'b.yaml: 4:10: group "b", pipeline 3, "mem": name: taken at b.yaml:2:10; names of pipelines are unique over all files',
  ]);
});

test('a file with other mistakes takes part in it', () => {
  const broken = parseRules('pipelines:\n- {name: cpu, query: "sum("}\n', 'broken.yaml');
  const good = parseRules('pipelines:\n- {name: cpu, query: up}\n', 'good.yaml');
  expect(checkNames([...broken.places, ...good.places])).toHaveLength(1);
});
