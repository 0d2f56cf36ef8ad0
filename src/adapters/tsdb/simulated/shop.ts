import { type Labels, labelsFromRecord } from '../../../series/labels.ts';

export const REQUESTS = 'shop_requests_per_second';
export const LATENCY = 'shop_request_latency_seconds';
export const ERRORS = 'shop_errors_per_second';
export const CPU = 'shop_cpu_usage_ratio';
export const MEMORY = 'shop_memory_bytes';
export const QUEUE = 'shop_queue_depth';
export const ORDERS = 'shop_orders_per_minute';

export interface Service {
  readonly name: string;
  readonly instances: readonly string[];
  /** Of all instances together, at the busiest minute of a weekday. */
  readonly peakRequestsPerSecond: number;
  /** Of an instance, at that minute. */
  readonly peakCpuRatio: number;
  /** The 95th percentile when nothing else is going on. */
  readonly latencySeconds: number;
  readonly errorRatio: number;
  /** After a restart. */
  readonly memoryBytes: number;
  /** How much later than the shop as a whole its customers come. */
  readonly delayMs: number;
  /** Name of the queue it works off, where it has one. */
  readonly queue: string | undefined;
}

const MINUTE_MS = 60_000;
const MEBIBYTE = 1024 * 1024;

export const SERVICES: readonly Service[] = [
  {
    name: 'frontend',
    instances: instancesOf('frontend', 3),
    peakRequestsPerSecond: 240,
    peakCpuRatio: 0.55,
    latencySeconds: 0.085,
    errorRatio: 0.0003,
    memoryBytes: 420 * MEBIBYTE,
    delayMs: 0,
    queue: undefined,
  },
  {
    name: 'catalog',
    instances: instancesOf('catalog', 3),
    peakRequestsPerSecond: 180,
    peakCpuRatio: 0.48,
    latencySeconds: 0.042,
    errorRatio: 0.0002,
    memoryBytes: 780 * MEBIBYTE,
    delayMs: 2 * MINUTE_MS,
    queue: undefined,
  },
  {
    name: 'search',
    instances: instancesOf('search', 2),
    peakRequestsPerSecond: 96,
    peakCpuRatio: 0.64,
    latencySeconds: 0.16,
    errorRatio: 0.0006,
    memoryBytes: 1900 * MEBIBYTE,
    delayMs: -5 * MINUTE_MS,
    queue: 'reindex',
  },
  {
    name: 'cart',
    instances: instancesOf('cart', 2),
    peakRequestsPerSecond: 110,
    peakCpuRatio: 0.34,
    latencySeconds: 0.028,
    errorRatio: 0.0003,
    memoryBytes: 310 * MEBIBYTE,
    delayMs: 12 * MINUTE_MS,
    queue: undefined,
  },
  {
    name: 'checkout',
    instances: instancesOf('checkout', 3),
    peakRequestsPerSecond: 66,
    peakCpuRatio: 0.41,
    latencySeconds: 0.22,
    errorRatio: 0.0008,
    memoryBytes: 520 * MEBIBYTE,
    delayMs: 18 * MINUTE_MS,
    queue: 'orders',
  },
  {
    name: 'payment',
    instances: instancesOf('payment', 2),
    peakRequestsPerSecond: 48,
    peakCpuRatio: 0.3,
    latencySeconds: 0.38,
    errorRatio: 0.0012,
    memoryBytes: 450 * MEBIBYTE,
    delayMs: 20 * MINUTE_MS,
    queue: 'settlements',
  },
];

/** The service whose requests become orders. */
export const ORDERING_SERVICE = 'checkout';

export interface ShopSeries {
  readonly metric: string;
  readonly service: Service;
  /** Place in `service.instances`; undefined for what the service reports as a whole. */
  readonly instance: number | undefined;
  readonly labels: Labels;
}

/** Every series of the shop, in a fixed order. */
export const SHOP_SERIES: readonly ShopSeries[] = SERVICES.flatMap((service) => [
  ...service.instances.flatMap((_, instance) => [
    seriesOf(REQUESTS, service, instance),
    seriesOf(LATENCY, service, instance),
    seriesOf(CPU, service, instance),
    seriesOf(MEMORY, service, instance),
  ]),
  seriesOf(ERRORS, service, undefined),
  ...(service.queue === undefined ? [] : [seriesOf(QUEUE, service, undefined, { queue: service.queue })]),
  ...(service.name === ORDERING_SERVICE ? [seriesOf(ORDERS, service, undefined)] : []),
]);

function instancesOf(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i + 1}:8080`);
}

function seriesOf(
  metric: string,
  service: Service,
  instance: number | undefined,
  extra: Readonly<Record<string, string>> = {},
): ShopSeries {
  const labels = labelsFromRecord({
    __name__: metric,
    job: 'shop',
    service: service.name,
    ...(instance === undefined ? {} : { instance: service.instances[instance]! }),
    ...extra,
  });
  return { metric, service, instance, labels };
}
