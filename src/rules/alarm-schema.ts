import type { Static } from 'typebox';
import { itemOf } from '../document/item.ts';
import { readItem } from '../document/read.ts';
import { duration, number, optional, section, text, whole } from '../document/schema.ts';
import type { AlarmRule, Share } from './alarm-rule.ts';

const SHARE_PATTERN = '^[1-9][0-9]? of [1-9][0-9]?$';
const SHARE_WHAT = 'a share of samples such as "3 of 5"';

/** The `alarm:` block inside of `anomaly:`. */
export const alarm = section(
  {
    open: optional(
      number({
        description: 'Flagged samples with a higher score open an alarm; the threshold unless given.',
        exclusiveMinimum: 0,
      }),
    ),
    close: optional(
      number({
        description:
          'Samples up to this score count towards recovery; those that would not open unless given. Lower than `open` makes a hysteresis, which gained nothing on labelled series.',
        minimum: 0,
      }),
    ),
    for: text({
      description:
        'How many of the last samples must be hot on the same side, such as "3 of 5"; at most of 32. One is enough by default: waiting cost more incidents than it saved false alarms.',
      pattern: SHARE_PATTERN,
      'x-what': SHARE_WHAT,
      default: '1 of 1',
    }),
    recovery: text({
      description:
        'How many of the last samples must be calm until an alarm ends; at most of 32. Flags that are at most ten samples apart are one incident.',
      pattern: SHARE_PATTERN,
      'x-what': SHARE_WHAT,
      default: '10 of 10',
    }),
    cooldown: duration({
      description: 'Time after the end of an alarm in which the series opens no other.',
      default: '0s',
    }),
    opening_factor: number({
      description:
        'A new alarm must beat the largest recent score by this factor, so that a restless series speaks once; 0 switches the rule off. 1.1 is what the labelled series asked for.',
      minimum: 0,
      default: 1.1,
    }),
    opening_window: whole({
      description: 'Samples that are recent: two hours of minutes.',
      minimum: 1,
      maximum: 100_000,
      default: 120,
    }),
  },
  {
    title: 'alarm',
    description:
      'How flags become alarms, which are what the event log, `/api/v1/anomalies` and incidents speak of. A pipeline that has the block also publishes them as `openanomaly_alarm`.',
    'x-meant': { for_: 'for', m_of_n: 'for', keep_firing_for: 'recovery', debounce: 'for', hysteresis: 'close' },
  },
);

export type RawAlarm = Static<typeof alarm>;

export function buildAlarm(raw: RawAlarm): AlarmRule {
  return {
    open: raw.open,
    close: raw.close,
    confirm: shareOf(raw.for),
    recovery: shareOf(raw.recovery),
    cooldownMs: raw.cooldown.ms,
    openingFactor: raw.opening_factor,
    openingWindow: raw.opening_window,
  };
}

/** The rule of a pipeline without an `alarm:` block: every default of it. */
export const DEFAULT_ALARM_RULE: AlarmRule = buildAlarm(readItem(alarm, itemOf({}, 0)).value as RawAlarm);

/** The two numbers of `3 of 5`, which the schema has checked to be there. */
export function shareOf(written: string): Share {
  const [count = 1, of = 1] = written.split(' of ').map(Number);
  return { count, of };
}
