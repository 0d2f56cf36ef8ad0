import type { QueueSettings } from '../../../settings/settings.ts';

/** Rounds without a backlog after which shards are given up again. */
const QUIET_ROUNDS = 30;

export interface Backlog {
  readonly shards: number;
  readonly waitingSamples: number;
  readonly oldestWaitMs: number;
  readonly isFailing: boolean;
  /** Rounds in a row that had no backlog. */
  readonly quietRounds: number;
}

/**
 * How many shards there should be: twice as many while samples wait for longer than two deadlines and more of them
 * than the shards send at once, half as many after a long time without such a backlog. An endpoint that fails gets no
 * more shards: it has trouble enough.
 */
export function nextShardCount(
  backlog: Backlog,
  settings: Pick<QueueSettings, 'minShards' | 'maxShards' | 'maxSamplesPerSend' | 'batchSendDeadlineMs'>,
): { readonly shards: number; readonly quietRounds: number } {
  const { shards, quietRounds } = backlog;
  if (backlog.isFailing) return { shards, quietRounds: 0 };
  const isBehind =
    backlog.waitingSamples > shards * settings.maxSamplesPerSend &&
    backlog.oldestWaitMs > 2 * settings.batchSendDeadlineMs;
  if (isBehind) return { shards: Math.min(settings.maxShards, shards * 2), quietRounds: 0 };
  if (quietRounds + 1 < QUIET_ROUNDS) return { shards, quietRounds: quietRounds + 1 };
  return { shards: Math.max(settings.minShards, Math.floor(shards / 2)), quietRounds: 0 };
}
