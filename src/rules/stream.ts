import type { Finding } from '../document/finding.ts';
import type { Path } from '../document/item.ts';
import type { Loose } from '../document/read.ts';
import type { LabelMatcher } from '../series/matcher.ts';
import { relabelRegexFault } from '../series/relabel-regex.ts';
import type { RawPipeline } from './schema.ts';
import { parseSelector } from './selector.ts';

/** What a pipeline looks at as it passes through the proxy. */
export interface StreamInput {
  readonly matchers: readonly LabelMatcher[];
  /** Window over which counters are turned into their increase a second; undefined: values are taken as they are. */
  readonly rateMs: number | undefined;
}

type Report = (path: Path, message: string, severity?: Finding['severity']) => void;

/** A stream's input, and the query that reads the same from a data source. The selector is one that was checked. */
export function buildStream(
  selector: string,
  rate: RawPipeline['rate'],
): { readonly query: string; readonly stream: StreamInput } {
  const text = selector.trim();
  return {
    query: rate === undefined ? text : `rate(${text}[${rate.text}])`,
    stream: { matchers: parseSelector(text)!, rateMs: rate?.ms },
  };
}

/** Whether it is `query` or `selector` that says what a pipeline looks at, and what goes with the latter only. */
export function checkInput(
  pipeline: Loose<RawPipeline>,
  path: Path,
  { hasProxy, isWritten }: { readonly hasProxy: boolean | undefined; readonly isWritten: (key: string) => boolean },
  report: Report,
): void {
  const { selector, rate, step } = pipeline;
  if (!isWritten('selector')) {
    if (!isWritten('query')) report(path, '"query" is missing, or "selector" for what passes through the proxy');
    if (isWritten('rate')) report([...path, 'rate'], 'goes with "selector"; in a query, write rate(…[5m])');
    return;
  }
  if (isWritten('query')) report([...path, 'selector'], 'takes the place of "query"; remove one of them');
  if (hasProxy === false)
    report([...path, 'selector'], 'the settings have no "proxy", so that nothing passes; add one, or use "query"');
  if (selector !== undefined) checkMatchers(selector, [...path, 'selector'], report);
  if (rate !== undefined && step !== undefined && rate.ms < step.ms)
    report(
      [...path, 'rate'],
      `a window of ${rate.text} leaves out samples between steps of ${step.text}; make it ${step.text} at least`,
      'warning',
    );
}

function checkMatchers(selector: string, path: Path, report: Report): void {
  const matchers = parseSelector(selector.trim());
  if (matchers === undefined)
    report(path, 'must be a plain selector such as up{job="api"}: no functions, no operators, and not every series');
  for (const { name, op, value } of matchers ?? []) {
    const fault = op === '=~' || op === '!~' ? relabelRegexFault(value) : undefined;
    if (fault !== undefined) report(path, `the pattern of ${name} cannot be used: ${fault}`);
  }
}
