import { parseDuration } from '../series/duration.ts';
import { seasonalityFault } from './calendar/options.ts';

/**
 * The built-in engines and their parameters, as a pipeline's `model: {id, parameters}` names them. Rules check against
 * this table and engines take their defaults from it.
 */
export const ENGINE_PARAMETERS = {
  auto: ['periods', 'window', 'damping', 'candidates', 'recheck'],
  seasonal_naive: ['periods'],
  climatology: ['periods', 'window'],
  ets: ['periods', 'damping'],
  'openanomaly-tiny': ['periods', 'recheck'],
  calendar: ['seasonality'],
} as const satisfies Record<string, readonly ParameterName[]>;

export type EngineId = keyof typeof ENGINE_PARAMETERS;
export type CandidateId = Exclude<EngineId, 'auto'>;

/** Engines that learn sample by sample; pipelines keep what they learnt instead of a context. */
export type OnlineId = 'calendar';

/** Engines that run a model file, and forecast many series at once. */
export type ModelId = 'openanomaly-tiny';

export const CANDIDATE_IDS = [
  'seasonal_naive',
  'climatology',
  'ets',
  'openanomaly-tiny',
  'calendar',
] as const satisfies readonly CandidateId[];

/** What `auto` weighs unless told. Without the yardstick: measured on four kinds of data, its share only did harm. */
const DEFAULT_CANDIDATES: readonly CandidateId[] = ['climatology', 'ets', 'openanomaly-tiny', 'calendar'];

/** Parameters with defaults filled in; spans of time in milliseconds. */
export interface EngineOptions {
  /** Fixed periods; undefined: detected. Detection decides by default since telemetry's rhythms often are no calendar's. */
  readonly periodsMs: readonly number[] | undefined;
  /** Recent past whose quantiles `climatology` takes; undefined: DEFAULT_WINDOW_STEPS. */
  readonly windowMs: number | undefined;
  /** Share of the trend of `ets` that survives a step. */
  readonly damping: number;
  /** Engines among which `auto` weighs. */
  readonly candidates: readonly CandidateId[];
  /** How old the periods and the choice of engine may get. */
  readonly recheckMs: number;
}

/** Two hours at a minute: long enough for a tail, short enough to follow the level. Best of 30 to 512 on telemetry. */
export const DEFAULT_WINDOW_STEPS = 120;
/** A trend is half gone after 35 steps: ramps are followed for a while, never to the moon. */
const DEFAULT_DAMPING = 0.98;
/** Rhythms change with deployments, not by the hour; a check costs some twenty forecasts. */
const DEFAULT_RECHECK = '6h';

type ParameterName = 'periods' | 'window' | 'damping' | 'candidates' | 'recheck' | 'seasonality';

/** What is wrong with a value, or undefined. */
const CHECKS: Readonly<Record<ParameterName, (value: unknown) => string | undefined>> = {
  periods: (value) =>
    Array.isArray(value) && value.length <= 2 && value.every(isSpan)
      ? undefined
      : 'must be a list of at most two durations such as ["1d", "1w"]; an empty list turns seasons off',
  window: (value) => (isSpan(value) ? undefined : 'must be a duration such as "2h"'),
  damping: (value) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'must be a number from 0 to 1',
  candidates: (value) =>
    Array.isArray(value) && value.length > 0 && value.every(isCandidate)
      ? undefined
      : `must be a list of engines out of ${CANDIDATE_IDS.join(', ')}`,
  recheck: (value) => (isSpan(value) ? undefined : 'must be a duration such as "6h"'),
  seasonality: seasonalityFault,
};

export function isEngineId(id: string): id is EngineId {
  return Object.hasOwn(ENGINE_PARAMETERS, id);
}

/** One message for each parameter that is unknown or has a wrong value; empty for parameters that are right. */
export function checkEngineParameters(engine: string, parameters: Readonly<Record<string, unknown>>): string[] {
  if (!isEngineId(engine)) {
    return [`unknown engine "${engine}"; there are ${Object.keys(ENGINE_PARAMETERS).join(', ')}`];
  }
  const known: readonly string[] = ENGINE_PARAMETERS[engine];
  const messages: string[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (!known.includes(name)) {
      messages.push(`engine ${engine} has no parameter "${name}"; it knows ${known.join(', ')}`);
      continue;
    }
    const problem = CHECKS[name as ParameterName](value);
    if (problem !== undefined) messages.push(`parameter ${name} of engine ${engine} ${problem}`);
  }
  return messages;
}

/** Options from parameters that `checkEngineParameters` accepts. */
export function engineOptions(parameters: Readonly<Record<string, unknown>>): EngineOptions {
  const periods = parameters['periods'] as readonly string[] | undefined;
  return {
    periodsMs: periods?.map((text) => parseDuration(text)!),
    windowMs: parameters['window'] === undefined ? undefined : parseDuration(parameters['window'] as string),
    damping: (parameters['damping'] as number | undefined) ?? DEFAULT_DAMPING,
    candidates: (parameters['candidates'] as readonly CandidateId[] | undefined) ?? DEFAULT_CANDIDATES,
    recheckMs: parseDuration((parameters['recheck'] as string | undefined) ?? DEFAULT_RECHECK)!,
  };
}

/** Whether an engine may run a model file, with parameters that `checkEngineParameters` accepts. */
export function mayRunModel(engine: string, parameters: Readonly<Record<string, unknown>>): boolean {
  if (engine !== 'auto') return isModel(engine);
  return engineOptions(parameters).candidates.some(isModel);
}

export function isOnline(engine: string): engine is OnlineId {
  return engine === 'calendar';
}

export function isModel(engine: string): engine is ModelId {
  return engine === 'openanomaly-tiny';
}

function isSpan(value: unknown): boolean {
  return typeof value === 'string' && (parseDuration(value) ?? 0) > 0;
}

function isCandidate(value: unknown): boolean {
  return (CANDIDATE_IDS as readonly unknown[]).includes(value);
}
