import type { Selector } from '../../../rules/selector.ts';
import { type Labels, labelsToRecord } from '../../../series/labels.ts';
import type { LabelMatcher } from '../../../series/matcher.ts';

/** VictoriaMetrics takes 16 KiB of query; the rest is for the selector itself. */
const LONGEST_CHARS = 8000;

/** A selector that matches, of what `selector` does, the series of `only` and perhaps some that resemble them. */
export function narrowed(selector: Selector, only: readonly Labels[]): Selector {
  const records = only.map(labelsToRecord);
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))].sort();
  const matchers = names.map((name) => matcherFor(name, [...new Set(records.map((record) => record[name] ?? ''))]));
  // The longest are left out first: they name the most values, and any answer may have more series than asked for.
  matchers.sort((a, b) => a.value.length - b.value.length);
  const added: LabelMatcher[] = [];
  let chars = 0;
  for (const matcher of matchers) {
    chars += matcher.name.length + JSON.stringify(matcher.value).length + 4;
    if (chars <= LONGEST_CHARS) added.push(matcher);
  }
  return [...selector, ...added];
}

function matcherFor(name: string, values: readonly string[]): LabelMatcher {
  if (values.length === 1) return { name, op: '=', value: values[0]! };
  return { name, op: '=~', value: values.map(escapePattern).join('|') };
}

/** The characters that RE2 gives a meaning. */
function escapePattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
