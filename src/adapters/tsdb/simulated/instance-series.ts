import { strengthAt } from './incidents.ts';
import { HOUR_MS, loadOf, MINUTE_MS, noiseColumn } from './load.ts';
import { addWhiteNoise, gauss, NATIVE_STEP_MS, poisson } from './noise.ts';
import type { Piece } from './piece.ts';
import type { Service } from './shop.ts';

const NATIVE_SECONDS = NATIVE_STEP_MS / 1000;
const PAGE_BYTES = 4096;

/** Caches fill and code is compiled for about this long after a restart. */
const WARM_UP_MS = 90_000;

/** Requests are counted, so a rate is a multiple of one per native step. */
export function requestsOf(piece: Piece, service: Service, instance: number): Float64Array {
  const load = loadOf(piece, service, instance);
  const key = piece.key(`requests/${service.instances[instance]}`);
  const perStep = (service.peakRequestsPerSecond / service.instances.length) * NATIVE_SECONDS;
  const column = new Float64Array(load.length);
  for (let i = 0; i < column.length; i++) {
    column[i] = poisson(load[i]! * perStep, key, piece.instants[i]! / NATIVE_STEP_MS) / NATIVE_SECONDS;
  }
  return column;
}

/** Busy share of the processors, 0–1. Shared: not to be changed. */
export function cpuOf(piece: Piece, service: Service, instance: number): Float64Array {
  const name = `cpu/${service.instances[instance]}`;
  return piece.column(name, () => {
    const column = noiseColumn(piece, name, [
      { cellMs: 20 * MINUTE_MS, amplitude: 0.03 },
      { cellMs: 25_000, amplitude: 0.04 },
    ]);
    const key = piece.key(`${name}/white`);
    addWhiteNoise(column, piece.instants, key, 0.045);
    const load = loadOf(piece, service, instance);
    for (const { release, restartMs, from, to } of piece.releasesOf(service, instance)) {
      for (let i = from; i < to; i++) {
        const busy = 0.03 + service.peakCpuRatio * release.cpuFactor * load[i]!;
        column[i] = busy * Math.exp(column[i]!) + 0.25 * warmUp(piece.instants[i]! - restartMs);
      }
    }
    for (const { incident, from, to } of piece.incidentsOf(service, 'cpu_saturation')) {
      if (incident.instance !== service.instances[instance]) continue;
      for (let i = from; i < to; i++) {
        const full = 0.975 + 0.008 * gauss(key + 1, piece.instants[i]! / NATIVE_STEP_MS);
        column[i]! += (full - column[i]!) * strengthAt(incident, piece.instants[i]!);
      }
    }
    for (let i = 0; i < column.length; i++) column[i] = Math.min(1, Math.max(0.002, column[i]!));
    return column;
  });
}

/** The 95th percentile climbs as the processor fills up, and its noise is skewed. */
export function latencyOf(piece: Piece, service: Service, instance: number): Float64Array {
  const name = `latency/${service.instances[instance]}`;
  const column = noiseColumn(piece, name, [
    { cellMs: HOUR_MS, amplitude: 0.03 },
    { cellMs: 5 * MINUTE_MS, amplitude: 0.035 },
    { cellMs: 30_000, amplitude: 0.04 },
  ]);
  addWhiteNoise(column, piece.instants, piece.key(`${name}/white`), 0.05);
  const busy = cpuOf(piece, service, instance);
  for (const { release, restartMs, from, to } of piece.releasesOf(service, instance)) {
    const base = service.latencySeconds * release.latencyFactor;
    for (let i = from; i < to; i++) {
      const crowding = busy[i]! ** 2 / (1.35 - busy[i]!);
      column[i] = base * (1 + crowding + 0.8 * warmUp(piece.instants[i]! - restartMs)) * Math.exp(column[i]!);
    }
  }
  for (const { incident, from, to } of piece.incidentsOf(service, 'latency_surge')) {
    const most = 2 + 5 * incident.severity;
    for (let i = from; i < to; i++) column[i]! *= 1 + most * strengthAt(incident, piece.instants[i]!);
  }
  return column;
}

/** Resident bytes: grow after a restart, follow the load a little, and saw with the collector. */
export function memoryOf(piece: Piece, service: Service, instance: number): Float64Array {
  const name = `memory/${service.instances[instance]}`;
  const column = noiseColumn(piece, name, [{ cellMs: 35 * MINUTE_MS, amplitude: 0.008 }]);
  addWhiteNoise(column, piece.instants, piece.key(`${name}/white`), 0.0015);
  const load = loadOf(piece, service, instance);
  const key = piece.key(`${name}/collector`);
  const cycleMs = (7 + (key % 9)) * MINUTE_MS;
  for (const { restartMs, from, to } of piece.releasesOf(service, instance)) {
    for (let i = from; i < to; i++) {
      const ageMs = piece.instants[i]! - restartMs;
      const leak = 0.45 * (1 - Math.exp(-ageMs / (30 * HOUR_MS)));
      const filling = 1 - Math.exp(-ageMs / (4 * MINUTE_MS));
      const saw = ((piece.instants[i]! + key) % cycleMs) / cycleMs;
      const share = 0.55 + 0.3 * filling + leak + 0.05 * load[i]! + 0.07 * saw * filling;
      column[i] = Math.round((service.memoryBytes * share * (1 + column[i]!)) / PAGE_BYTES) * PAGE_BYTES;
    }
  }
  return column;
}

/** 1 at a restart, dying away. */
function warmUp(ageMs: number): number {
  return ageMs > 6 * WARM_UP_MS ? 0 : Math.exp(-ageMs / WARM_UP_MS);
}
