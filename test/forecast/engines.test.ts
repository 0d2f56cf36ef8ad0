import { describe, expect, it } from 'vitest';
import {
  checkEngineParameters,
  ENGINE_PARAMETERS,
  engineOptions,
  isEngineId,
  mayRunModel,
} from '../../src/forecast/engines.ts';

describe('engine parameters', () => {
  it.each([
    ['auto', {}],
    ['auto', { periods: ['1d', '1w'], window: '2h', damping: 0.9, candidates: ['ets'], recheck: '12h' }],
    ['seasonal_naive', { periods: ['1d'] }],
    ['climatology', { window: '30m' }],
    ['ets', { periods: [], damping: 1 }],
    ['openanomaly-tiny', { periods: ['1d'], recheck: '1h' }],
    ['calendar', { seasonality: ['hour_of_day'] }],
  ])('%s takes %j', (engine, parameters) => {
    expect(checkEngineParameters(engine, parameters)).toEqual([]);
  });

  it.each([
    [
      'prophet',
      {},
      'unknown engine "prophet"; there are auto, seasonal_naive, climatology, ets, openanomaly-tiny, calendar',
    ],
    [
      'toString',
      {},
      'unknown engine "toString"; there are auto, seasonal_naive, climatology, ets, openanomaly-tiny, calendar',
    ],
    ['ets', { window: '2h' }, 'engine ets has no parameter "window"; it knows periods, damping'],
    [
      'calendar',
      { seasonality: ['month'] },
      'parameter seasonality of engine calendar must be a list out of hour_of_day, day_of_week, minute_of_hour; an empty list turns seasons off',
    ],
    ['ets', { damping: 1.5 }, 'parameter damping of engine ets must be a number from 0 to 1'],
    ['ets', { damping: '1' }, 'parameter damping of engine ets must be a number from 0 to 1'],
    ['climatology', { window: 120 }, 'parameter window of engine climatology must be a duration such as "2h"'],
    ['climatology', { window: '0s' }, 'parameter window of engine climatology must be a duration such as "2h"'],
    ['auto', { recheck: 'daily' }, 'parameter recheck of engine auto must be a duration such as "6h"'],
    [
      'auto',
      { candidates: ['auto'] },
      'parameter candidates of engine auto must be a list of engines out of seasonal_naive, climatology, ets, openanomaly-tiny, calendar',
    ],
    [
      'seasonal_naive',
      { periods: '1d' },
      'parameter periods of engine seasonal_naive must be a list of at most two durations such as ["1d", "1w"]; an empty list turns seasons off',
    ],
  ])('%s refuses %j', (engine, parameters, message) => {
    expect(checkEngineParameters(engine, parameters)).toEqual([message]);
  });

  it('names every mistake', () => {
    expect(checkEngineParameters('climatology', { windw: '2h', window: 2, periods: [3] })).toHaveLength(3);
  });

  it('fills in defaults', () => {
    expect(engineOptions({})).toEqual({
      periodsMs: undefined,
      windowMs: undefined,
      damping: 0.98,
      candidates: ['climatology', 'ets', 'openanomaly-tiny', 'calendar'],
      recheckMs: 6 * 3_600_000,
    });
    expect(engineOptions({ periods: ['1d'], window: '10m' })).toMatchObject({
      periodsMs: [86_400_000],
      windowMs: 600_000,
    });
  });

  it.each([
    ['openanomaly-tiny', {}, true],
    ['auto', {}, true],
    ['auto', { candidates: ['ets', 'openanomaly-tiny'] }, true],
    ['auto', { candidates: ['ets'] }, false],
    ['ets', {}, false],
  ])('knows whether %s with %j may run a model', (engine, parameters, expected) => {
    expect(mayRunModel(engine, parameters)).toBe(expected);
  });

  it('knows its engines by name only', () => {
    expect(Object.keys(ENGINE_PARAMETERS).every(isEngineId)).toBe(true);
    expect(isEngineId('constructor')).toBe(false);
  });
});
