import { parseRules } from '../../src/rules/parse.ts';
import { formatProblem } from '../../src/rules/problem.ts';

export const FILE = 'rules/shop.yaml';

export function problemsOf(text: string, options = {}): string[] {
  return parseRules(text, FILE, options).problems.map(formatProblem);
}

/** The problems of one pipeline, whose keys start in line 6 (5 with a query of its own), without file and owner. */
export function problemsOfPipeline(keys: string): string[] {
  const text = `groups:\n  - name: g\n    pipelines:\n      - name: p\n${keys.replace(/^/gm, '        ')}\n`;
  const whole = /^ *query:/m.test(text) ? text : text.replace('name: p\n', 'name: p\n        query: up\n');
  return problemsOf(whole).map((line) => line.replace(`${FILE}: `, '').replace('group "g", pipeline 1, "p": ', ''));
}
