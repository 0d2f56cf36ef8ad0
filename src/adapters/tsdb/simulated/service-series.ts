import { strengthAt } from './incidents.ts';
import { demandOf, MINUTE_MS, noiseColumn } from './load.ts';
import { NATIVE_STEP_MS, poisson } from './noise.ts';
import type { Piece } from './piece.ts';
import type { Service } from './shop.ts';

const NATIVE_SECONDS = NATIVE_STEP_MS / 1000;
/** Share of the checkout's requests that end in an order. */
const CONVERSION = 0.1;

/** Failed requests of a service: mostly none, seldom one or two. */
export function errorsOf(piece: Piece, service: Service): Float64Array {
  const demand = demandOf(piece, service);
  const name = `errors/${service.name}`;
  const column = noiseColumn(piece, name, [{ cellMs: 9 * MINUTE_MS, amplitude: 0.5 }]);
  for (let i = 0; i < column.length; i++) column[i] = service.errorRatio * Math.exp(column[i]!);
  for (const { incident, from, to } of piece.incidentsOf(service, 'error_burst')) {
    const most = 0.1 + 0.4 * incident.severity;
    for (let i = from; i < to; i++) column[i]! += most * strengthAt(incident, piece.instants[i]!);
  }
  const key = piece.key(`${name}/count`);
  for (let i = 0; i < column.length; i++) {
    const mean = column[i]! * demand[i]! * service.peakRequestsPerSecond * NATIVE_SECONDS;
    column[i] = poisson(mean, key, piece.instants[i]! / NATIVE_STEP_MS) / NATIVE_SECONDS;
  }
  return column;
}

/** Jobs that wait: few while the workers keep up; in a backlog a slope up and a steeper one down. */
export function queueDepthOf(piece: Piece, service: Service): Float64Array {
  const demand = demandOf(piece, service);
  const name = `queue/${service.name}`;
  const column = noiseColumn(piece, name, [
    { cellMs: 8 * MINUTE_MS, amplitude: 0.25 },
    { cellMs: 45_000, amplitude: 0.3 },
  ]);
  for (let i = 0; i < column.length; i++) {
    const used = Math.min(1.1, demand[i]! * 0.85);
    column[i] = ((14 * used) / (1.5 - used)) * Math.exp(column[i]!);
  }
  for (const { incident, from, to } of piece.incidentsOf(service, 'queue_backlog')) {
    const peak = 120 + 400 * incident.severity;
    const turnMs = incident.startMs + 0.7 * (incident.endMs - incident.startMs);
    for (let i = from; i < to; i++) {
      const timeMs = piece.instants[i]!;
      const rising = (timeMs - incident.startMs + NATIVE_STEP_MS) / (turnMs - incident.startMs);
      const falling = (incident.endMs - timeMs) / (incident.endMs - turnMs);
      column[i]! += peak * Math.min(1, rising, falling);
    }
  }
  const key = piece.key(`${name}/count`);
  for (let i = 0; i < column.length; i++) column[i] = poisson(column[i]!, key, piece.instants[i]! / NATIVE_STEP_MS);
  return column;
}

/** Orders that come in per minute. */
export function ordersOf(piece: Piece, service: Service): Float64Array {
  const demand = demandOf(piece, service);
  const column = noiseColumn(piece, 'orders', [{ cellMs: 20 * MINUTE_MS, amplitude: 0.04 }]);
  const perMinute = service.peakRequestsPerSecond * 60 * CONVERSION;
  const key = piece.key('orders/count');
  for (let i = 0; i < column.length; i++) {
    column[i] = poisson(demand[i]! * Math.exp(column[i]!) * perMinute, key, piece.instants[i]! / NATIVE_STEP_MS);
  }
  return column;
}
