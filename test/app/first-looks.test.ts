import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tellFirstLooks } from '../../src/app/first-looks.ts';
import type { PipelineStatus } from '../../src/evaluate/status.ts';
import { pipelineStatus } from '../http/serve.ts';
import { collectingLogger } from '../support/logger.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('first evaluations are told of as long as they take, and not beyond', () => {
  const logger = collectingLogger();
  let statuses: PipelineStatus[] = [
    pipelineStatus({ name: 'a', health: 'starting', series: 1000 }),
    pipelineStatus({ name: 'b', health: 'ok', series: 10 }),
    pipelineStatus({ name: 'c', health: 'starting', enabled: false }),
    pipelineStatus({ name: 'd', health: 'starting', series: 7, engines: { ets: 5 } }),
  ];
  let looks = 0;
  const manager = {
    status: () => {
      looks++;
      return statuses;
    },
  };
  using _ = tellFirstLooks(manager, logger, 1000);
  expect(logger.lines).toEqual([]);
  vi.advanceTimersByTime(1000);
  statuses = [pipelineStatus({ name: 'a', health: 'starting', series: 1000, engines: { ets: 300, calendar: 7 } })];
  vi.advanceTimersByTime(1000);
  statuses = [pipelineStatus({ name: 'a', health: 'ok' })];
  vi.advanceTimersByTime(60_000);
  expect(logger.lines.map(({ message, fields }) => ({ message, ...fields }))).toEqual([
    { message: 'first look at the past', pipelines: 2, series: 1007, forecast: 5 },
    { message: 'first look at the past', pipeline: 'a', series: 1000, forecast: 307 },
  ]);
  expect(looks).toBe(3);
});
