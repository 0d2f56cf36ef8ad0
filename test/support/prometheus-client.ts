import { openPrometheus } from '../../src/adapters/tsdb/prometheus/client.ts';
import type { Logger } from '../../src/ports/logger.ts';
import type { TsdbClient } from '../../src/ports/tsdb-client.ts';
import type { PrometheusDatasourceSettings } from '../../src/settings/settings.ts';
import { nullLogger } from './logger.ts';
import { httpSettings } from './loopback.ts';

/** A client of a server at `url`, with the defaults of the settings. */
export function openTestClient(
  url: string,
  overrides: Partial<PrometheusDatasourceSettings> = {},
  logger: Logger = nullLogger,
): TsdbClient {
  return openPrometheus({
    name: 'tested',
    settings: {
      type: 'prometheus',
      url,
      timeoutMs: 30_000,
      maxConcurrentQueries: 4,
      params: {},
      http: httpSettings(),
      ...overrides,
    },
    userAgent: 'openanomaly/test',
    logger,
  });
}
