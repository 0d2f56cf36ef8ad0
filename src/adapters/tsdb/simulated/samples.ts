import { cpuOf, latencyOf, memoryOf, requestsOf } from './instance-series.ts';
import type { Piece } from './piece.ts';
import { errorsOf, ordersOf, queueDepthOf } from './service-series.ts';
import { CPU, ERRORS, LATENCY, MEMORY, ORDERS, QUEUE, REQUESTS, type ShopSeries } from './shop.ts';

/** The samples of a series at the instants of a piece; NaN where there is none. The caller must not change them. */
export function samplesOf(piece: Piece, series: ShopSeries): Float64Array {
  const { service, instance } = series;
  if (instance === undefined) {
    switch (series.metric) {
      case ERRORS:
        return errorsOf(piece, service);
      case QUEUE:
        return queueDepthOf(piece, service);
      case ORDERS:
        return ordersOf(piece, service);
    }
  } else {
    switch (series.metric) {
      case REQUESTS:
        return withoutVanished(piece, series, requestsOf(piece, service, instance));
      case CPU:
        return withoutVanished(piece, series, cpuOf(piece, service, instance));
      case LATENCY:
        return withoutVanished(piece, series, latencyOf(piece, service, instance));
      case MEMORY:
        return withoutVanished(piece, series, memoryOf(piece, service, instance));
    }
  }
  throw new Error(`the shop has no series ${series.metric} of ${service.name}`);
}

function withoutVanished(piece: Piece, series: ShopSeries, column: Float64Array): Float64Array {
  const instance = series.service.instances[series.instance!];
  const spans = piece
    .incidentsOf(series.service, 'instance_vanishes')
    .filter((span) => span.incident.instance === instance);
  if (spans.length === 0) return column;
  const gapped = column.slice();
  for (const { from, to } of spans) gapped.fill(Number.NaN, from, to);
  return gapped;
}
