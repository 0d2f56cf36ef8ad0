import { describe, expect, it } from 'vitest';
import { openSimulated } from '../../../../src/adapters/tsdb/simulated/client.ts';
import { type Incident, incidentsBetween } from '../../../../src/adapters/tsdb/simulated/incidents.ts';
import { joinPieces, piecesOf } from '../../../contract/tsdb-client.ts';
import { FakeClock } from '../../../support/clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EVERY_MS = 300_000;
/** A Monday. */
const MONDAY_MS = Date.UTC(2026, 10, 16);
const STEP_MS = 10_000;

/** The rows of a selector at every `stepMs` from `startMs` to just before `endMs`. */
async function read(
  selector: string,
  startMs: number,
  endMs: number,
  options: { stepMs?: number; incidentEveryMs?: number } = {},
): Promise<Float64Array[]> {
  const { stepMs = STEP_MS, incidentEveryMs = EVERY_MS } = options;
  const client = openSimulated({
    settings: { type: 'simulated', seed: 7, incidentEveryMs, incidentHistoryMs: Infinity },
    clock: new FakeClock(MONDAY_MS + 30 * DAY_MS),
  });
  const query = { query: selector, startMs, endMs: endMs - stepMs, stepMs, limit: 0, timeoutMs: 60_000 };
  return [...joinPieces(await piecesOf(client, query), query).values()];
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const quiet = { incidentEveryMs: 0 };

describe('the rhythm of the shop', () => {
  const meanOrders = async (startMs: number, hours: number) => {
    const [row] = await read('shop_orders_per_minute', startMs, startMs + hours * HOUR_MS, {
      stepMs: 60_000,
      ...quiet,
    });
    return mean(row!);
  };

  it('is busy at noon and in the evening, idle at night', async () => {
    const noon = await meanOrders(MONDAY_MS + 12 * HOUR_MS, 2);
    const afternoon = await meanOrders(MONDAY_MS + 16 * HOUR_MS, 2);
    const evening = await meanOrders(MONDAY_MS + 20 * HOUR_MS, 1);
    const night = await meanOrders(MONDAY_MS + 3 * HOUR_MS, 2);
    expect(noon).toBeGreaterThan(3.5 * night);
    expect(noon).toBeGreaterThan(1.1 * afternoon);
    expect(evening).toBeGreaterThan(1.1 * afternoon);
  });

  it('is quieter on Sundays at noon', async () => {
    const monday = await meanOrders(MONDAY_MS + 11 * HOUR_MS, 3);
    const sunday = await meanOrders(MONDAY_MS + 6 * DAY_MS + 11 * HOUR_MS, 3);
    expect(sunday).toBeLessThan(0.9 * monday);
  });

  it('has smooth noise: neighbouring samples are alike, distant ones are not', async () => {
    const [row] = await read('shop_request_latency_seconds{instance="search-1:8080"}', MONDAY_MS, MONDAY_MS + DAY_MS, {
      stepMs: 60_000,
      ...quiet,
    });
    const average = mean(row!);
    const covariance = (lag: number) =>
      mean(row!.subarray(lag).map((value, i) => (value - average) * (row![i]! - average)));
    expect(covariance(2) / covariance(0)).toBeGreaterThan(0.4);
    expect(covariance(480) / covariance(0)).toBeLessThan(0.3);
  });

  it('keeps shares in range, counts whole, queues and errors at zero or above', async () => {
    const [startMs, endMs] = [MONDAY_MS, MONDAY_MS + 6 * HOUR_MS];
    for (const row of await read('shop_cpu_usage_ratio', startMs, endMs)) {
      for (const value of row) expect((value >= 0 && value <= 1) || Number.isNaN(value)).toBe(true);
    }
    for (const row of await read('shop_queue_depth', startMs, endMs)) {
      for (const value of row) expect(Number.isInteger(value) && value >= 0).toBe(true);
    }
    for (const row of await read('shop_errors_per_second', startMs, endMs, quiet)) {
      expect(row.filter((value) => value === 0).length).toBeGreaterThan(0.6 * row.length);
      for (const value of row) expect(Math.abs(value * 5 - Math.round(value * 5))).toBeLessThan(1e-9);
    }
  });

  it('frees memory at deploys, on working days only', async () => {
    const drops = async (startMs: number, days: number) => {
      const rows = await read('shop_memory_bytes', startMs, startMs + days * DAY_MS, { stepMs: 60_000, ...quiet });
      return rows.map((row) => row.filter((value, i) => i > 0 && value < 0.85 * row[i - 1]!).length);
    };
    for (const count of await drops(MONDAY_MS, 5)) expect(count).toBeGreaterThan(0);
    expect(await drops(MONDAY_MS + 5 * DAY_MS, 2)).toEqual(Array(15).fill(0));
  });
});

describe('incidents', () => {
  const day = incidentsBetween(7, MONDAY_MS, MONDAY_MS + DAY_MS, EVERY_MS);

  it('are as many as asked for, of every kind, in every service, one at a time', () => {
    expect(day).toHaveLength(DAY_MS / EVERY_MS);
    expect(new Set(day.map(({ kind }) => kind)).size).toBe(6);
    expect(new Set(day.map(({ service }) => service)).size).toBe(6);
    day.forEach((incident, i) => {
      const seconds = (incident.endMs - incident.startMs) / 1000;
      expect(seconds >= 55 && seconds <= 180).toBe(true);
      expect(incident.startMs).toBeGreaterThanOrEqual(day[i - 1]?.endMs ?? 0);
    });
  });

  it('are the same whichever part of time is asked for', () => {
    const half = MONDAY_MS + DAY_MS / 2;
    const parts = [
      ...incidentsBetween(7, MONDAY_MS, half, EVERY_MS),
      ...incidentsBetween(7, half, MONDAY_MS + DAY_MS, EVERY_MS),
    ];
    expect(new Set(parts.map((incident) => JSON.stringify(incident)))).toEqual(
      new Set(day.map((incident) => JSON.stringify(incident))),
    );
  });

  it.each([10_000, 45_000, 61_234, 3 * HOUR_MS])('fit their slots when one comes every %d ms', (everyMs) => {
    const incidents = incidentsBetween(7, MONDAY_MS, MONDAY_MS + DAY_MS, everyMs);
    const slotMs = Math.max(30_000, everyMs);
    expect(Math.abs(incidents.length - DAY_MS / slotMs)).toBeLessThan(2);
    for (const { startMs, endMs } of incidents) {
      expect(startMs % 5000 === 0 && endMs % 5000 === 0 && endMs > startMs).toBe(true);
      expect(Math.floor(startMs / slotMs)).toBe(Math.floor((endMs - 1) / slotMs));
    }
  });

  it('never happen when told so', () => {
    expect(incidentsBetween(7, MONDAY_MS, MONDAY_MS + DAY_MS, 0)).toEqual([]);
  });

  /** The samples of an incident of the day, without its flanks, beside those of the same shop without incidents. */
  async function compare(incident: Incident, metric: string) {
    const selector = incident.instance
      ? `${metric}{instance="${incident.instance}"}`
      : `${metric}{service="${incident.service}"}`;
    const [from, to] = [incident.startMs + 15_000, incident.endMs - 15_000];
    const startMs = Math.ceil(from / 5000) * 5000;
    const range = [startMs, Math.max(startMs + 5000, to)] as const;
    const seen = await read(selector, ...range, { stepMs: 5000 });
    const usual = await read(selector, ...range, { stepMs: 5000, ...quiet });
    return { seen, usual, seenMean: mean(seen[0] ?? new Float64Array()), usualMean: mean(usual[0]!) };
  }

  const SHOWS: Readonly<Record<Incident['kind'], (incident: Incident) => Promise<void>>> = {
    async traffic_drop(incident) {
      const { seen, usualMean } = await compare(incident, 'shop_requests_per_second');
      expect(seen[0]!.every((value) => value === 0)).toBe(true);
      expect(usualMean).toBeGreaterThan(0);
    },
    async latency_surge(incident) {
      const { seenMean, usualMean } = await compare(incident, 'shop_request_latency_seconds');
      expect(seenMean).toBeGreaterThan(2.5 * usualMean);
    },
    async error_burst(incident) {
      const { seenMean, usualMean } = await compare(incident, 'shop_errors_per_second');
      expect(seenMean).toBeGreaterThan(usualMean + 0.2);
    },
    async cpu_saturation(incident) {
      const { seenMean, usualMean } = await compare(incident, 'shop_cpu_usage_ratio');
      expect(seenMean).toBeGreaterThan(0.93);
      expect(usualMean).toBeLessThan(0.8);
    },
    async queue_backlog(incident) {
      const { seenMean, usualMean } = await compare(incident, 'shop_queue_depth');
      expect(seenMean).toBeGreaterThan(usualMean + 50);
    },
    async instance_vanishes(incident) {
      for (const metric of incident.metrics) {
        const { seen, usual } = await compare(incident, metric);
        expect(seen).toEqual([]);
        expect(usual).toHaveLength(1);
      }
    },
  };

  it.each(Object.keys(SHOWS) as Incident['kind'][])('%s shows', async (kind) => {
    const incidents = day.filter((incident) => incident.kind === kind);
    expect(incidents.length).toBeGreaterThan(10);
    for (const incident of incidents) await SHOWS[kind](incident);
  });

  it('leave every series alone most of the time', async () => {
    const range = [MONDAY_MS, MONDAY_MS + 6 * HOUR_MS] as const;
    const seen = await read('{job="shop"}', ...range);
    const usual = await read('{job="shop"}', ...range, quiet);
    seen.forEach((row, s) => {
      const same = row.filter((value, i) => value === usual[s]![i]).length;
      expect(same).toBeGreaterThan(0.9 * row.length);
    });
  });
});
