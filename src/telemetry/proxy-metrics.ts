import { Counter, Gauge, Histogram, type MetricConfiguration, type Registry } from 'prom-client';

/** From what a byte-copying proxy takes to what a sender waits for. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Why a request was not forwarded, or its answer never came. */
export const PROXY_REJECTIONS = [
  'too_large',
  'too_many_requests',
  'too_many_bytes',
  'hung_up',
  'unavailable',
  'timeout',
] as const;

/** Why a request that was forwarded was not looked at. */
export const PROXY_REQUEST_SKIPS = ['refused', 'encoding', 'type', 'too_large', 'malformed', 'dropped'] as const;

/** Why a sample of a matched series was not scored. */
export const PROXY_SAMPLE_SKIPS = ['late', 'future', 'replica', 'dropped', 'duplicate', 'limit'] as const;

export type ProxyRejection = (typeof PROXY_REJECTIONS)[number];

/** Self-metrics of the remote-write proxy; zero, or without samples, where there is none. */
export function proxyMetrics(registers: Registry[]) {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `openanomaly_proxy_${name}`, help, labelNames, registers } as MetricConfiguration<L>);
  const gauge = (name: string, help: string) => new Gauge({ name: `openanomaly_proxy_${name}`, help, registers });

  return {
    proxyRequests: counter('requests_received_total', 'Remote-write requests that senders sent to the proxy.'),
    proxyBytes: counter('received_bytes_total', 'Bytes of bodies of those requests, as they came.'),
    proxyForwarded: counter('requests_forwarded_total', 'Requests that the receiver answered, by its status.', [
      'code',
    ]),
    proxyRejected: counter('requests_rejected_total', 'Requests without an answer of the receiver, by reason.', [
      'reason',
    ]),
    proxyDuration: new Histogram({
      name: 'openanomaly_proxy_forward_duration_seconds',
      help: 'Time from the last byte of a request to the last byte of the receiver’s answer.',
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    proxyInFlight: gauge('requests_in_flight', 'Requests that are under way.'),
    proxyInFlightBytes: gauge('in_flight_bytes', 'Bytes of bodies that are held for them.'),
    proxyDecoded: counter('requests_decoded_total', 'Forwarded requests that were decoded, by protocol version.', [
      'version',
    ]),
    proxyRequestsSkipped: counter(
      'requests_skipped_total',
      'Forwarded requests that were not looked at, by reason; `dropped` waited too long to be decoded.',
      ['reason'],
    ),
    proxySamplesDecoded: counter('samples_decoded_total', 'Samples in decoded requests.'),
    proxySamplesMatched: counter('samples_matched_total', 'Samples that the selector of a pipeline matched.', [
      'pipeline',
    ]),
    proxySamplesSkipped: counter(
      'samples_skipped_total',
      'Matched samples that are not scored, by reason; `late` ones came after their instant was scored.',
      ['pipeline', 'reason'],
    ),
    proxySeries: gauge('series', 'Distinct series that are remembered.'),
    proxyQueueBytes: gauge('queue_bytes', 'Bytes of forwarded requests that wait to be decoded.'),
    proxyQueueSamples: gauge('queue_samples', 'Samples of matched series that are kept until they are scored.'),
    proxyBusy: counter('decoder_busy_seconds_total', 'Time that the thread that decodes was at work.'),
    proxyRestarts: counter('decoder_restarts_total', 'Times the thread that decodes ended and was started again.'),
  };
}
