import { demandAt } from './demand.ts';
import { addSmoothNoise, type NoiseScale } from './noise.ts';
import type { Piece } from './piece.ts';
import type { Service } from './shop.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** An instance answers little while it is replaced. */
const RESTART_MS = 20_000;

const SHOP_NOISE: readonly NoiseScale[] = [
  { cellMs: 7 * HOUR_MS, amplitude: 0.05 },
  { cellMs: 47 * MINUTE_MS, amplitude: 0.03 },
  { cellMs: 6 * MINUTE_MS, amplitude: 0.015 },
];
const SERVICE_NOISE: readonly NoiseScale[] = [
  { cellMs: 2 * HOUR_MS, amplitude: 0.035 },
  { cellMs: 11 * MINUTE_MS, amplitude: 0.02 },
  { cellMs: 50_000, amplitude: 0.012 },
];
const BALANCER_NOISE: readonly NoiseScale[] = [
  { cellMs: 3 * HOUR_MS, amplitude: 0.02 },
  { cellMs: 40_000, amplitude: 0.012 },
];

/** A new column with the noise of several scales added up. */
export function noiseColumn(piece: Piece, name: string, scales: readonly NoiseScale[]): Float64Array {
  const column = new Float64Array(piece.instants.length);
  addNoise(column, piece, name, scales);
  return column;
}

/** Demand of a service: about 1 at its busiest minute, 0 while its traffic is cut off. Shared: not to be changed. */
export function demandOf(piece: Piece, service: Service): Float64Array {
  return piece.column(`demand/${service.name}`, () => {
    const column = piece.column('shop', () => noiseColumn(piece, 'shop', SHOP_NOISE)).slice();
    addNoise(column, piece, service.name, SERVICE_NOISE);
    for (let i = 0; i < column.length; i++) {
      column[i] = demandAt(piece.instants[i]! - service.delayMs) * Math.exp(column[i]!);
    }
    for (const { from, to } of piece.incidentsOf(service, 'traffic_drop')) column.fill(0, from, to);
    return column;
  });
}

/**
 * Load of one instance, 1 when it bears its part of the peak. The balancer is not quite fair, and passes over an
 * instance that is gone. Shared: not to be changed.
 */
export function loadOf(piece: Piece, service: Service, instance: number): Float64Array {
  const name = `load/${service.instances[instance]}`;
  return piece.column(name, () => {
    const column = noiseColumn(piece, name, BALANCER_NOISE);
    const whole = demandOf(piece, service);
    for (let i = 0; i < column.length; i++) column[i] = whole[i]! * Math.exp(column[i]!);
    for (const { restartMs, from, to } of piece.releasesOf(service, instance)) {
      for (let i = from; i < to && piece.instants[i]! < restartMs + RESTART_MS; i++) column[i]! *= 0.2;
    }
    const count = service.instances.length;
    for (const { incident, from, to } of piece.incidentsOf(service, 'instance_vanishes')) {
      if (incident.instance === service.instances[instance]) continue;
      for (let i = from; i < to; i++) column[i]! *= count / (count - 1);
    }
    return column;
  });
}

function addNoise(column: Float64Array, piece: Piece, name: string, scales: readonly NoiseScale[]): void {
  for (const scale of scales) {
    addSmoothNoise(column, piece.instants, piece.key(`noise/${name}/${scale.cellMs}`), scale);
  }
}
