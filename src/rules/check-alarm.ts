import type { Path } from '../document/item.ts';
import type { Loose } from '../document/read.ts';
import { shareOf } from './alarm-schema.ts';
import { excludeWindowFault } from './exclude-window.ts';
import type { RawPipeline } from './schema.ts';

/** Bits of a column of recent samples. */
const MOST_OF = 32;

type Report = (path: Path, message: string) => void;

/** Only some techniques look at series together. */
export function checkTogether(pipeline: Loose<RawPipeline>, path: Path, report: Report): void {
  const { series_type: type, anomaly } = pipeline;
  const { technique, join, peers } = anomaly ?? {};
  if (technique === undefined) return;
  if (type === 'multivariate' && technique !== 'isolation_forest')
    report(
      [...path, 'series_type'],
      `series are scored together by the technique isolation_forest alone, not by ${technique}; set anomaly.technique`,
    );
  if (type !== 'multivariate' && (join?.on?.length ?? 0) > 0)
    report([...path, 'anomaly', 'join'], 'joins series that are scored one by one; set series_type: multivariate');
  if (technique !== 'peers' && (peers?.by?.length ?? 0) > 0)
    report([...path, 'anomaly', 'peers'], `is for the technique peers, not for ${technique}`);
}

/** Checks across the keys of an `alarm:` block. */
export function checkAlarm(anomaly: Loose<RawPipeline>['anomaly'], path: Path, report: Report): void {
  const { alarm, threshold } = anomaly ?? {};
  if (alarm === undefined) return;
  const at = [...path, 'alarm'];
  const { open, close } = alarm;
  if (open !== undefined && threshold !== undefined && open < threshold)
    report(
      [...at, 'open'],
      `${open} is below the threshold of ${threshold}, and samples below that are never flagged; raise it, or lower the threshold`,
    );
  const opens = open ?? threshold;
  if (close !== undefined && opens !== undefined && close > opens)
    report([...at, 'close'], `${close} is above ${opens}, where alarms open: they would end at once; lower it`);
  for (const key of ['for', 'recovery'] as const) {
    const written = alarm[key];
    if (written === undefined) continue;
    const { count, of } = shareOf(written);
    if (count > of) report([...at, key], `"${written}" can never be; the first number is at most the second`);
    else if (of > MOST_OF) report([...at, key], `"${written}" looks at more than the last ${MOST_OF} samples`);
  }
}

export function checkExclude(windows: readonly (string | undefined)[] | undefined, path: Path, report: Report): void {
  windows?.forEach((window, i) => {
    const fault = window === undefined ? undefined : excludeWindowFault(window);
    if (fault !== undefined) report([...path, 'exclude', i], fault);
  });
}
