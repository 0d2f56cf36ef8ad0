import { lines, stackedBars } from './panels.ts';
import { over, SELF } from './queries.ts';

const THIRD = { width: 8, height: 8 };

const self = (family: string, more = '') => `openanomaly_${family}{${SELF}${more}}`;
const ENDPOINT = '{{remote_name}}';

export function incoming() {
  return [
    lines({
      ...THIRD,
      title: 'Reads',
      description: 'Reads from the data sources per second, by how they ended.',
      unit: 'ops',
      queries: [
        over(
          `sum by (datasource, outcome) (rate(${self('queries_total')}[$__rate_interval]))`,
          '{{datasource}}: {{outcome}}',
        ),
      ],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Time of reads (p99)',
      description: 'Time of a read, all pieces together.',
      unit: 's',
      queries: [
        over(
          `histogram_quantile(0.99, sum by (le, datasource) (rate(${self('query_duration_seconds_bucket')}[$__rate_interval])))`,
          '{{datasource}}',
        ),
      ],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Bytes read',
      description: 'Bytes of answers per second: increments only once the contexts are warm.',
      unit: 'Bps',
      queries: [over(`sum by (datasource) (rate(${self('query_bytes_total')}[$__rate_interval]))`, '{{datasource}}')],
    }).min(0),
  ];
}

export function remoteWrite() {
  return [
    lines({
      ...THIRD,
      title: 'Behind',
      description: 'How much older the newest sample sent is than the newest queued.',
      unit: 's',
      queries: [
        over(
          `${self('remote_storage_queue_highest_timestamp_seconds')} - ${self('remote_storage_queue_highest_sent_timestamp_seconds')}`,
          ENDPOINT,
        ),
      ],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Waiting samples',
      description: 'Samples in the queue. What does not fit is dropped and counted.',
      unit: 'short',
      queries: [over(`sum by (remote_name) (${self('remote_storage_samples_pending')})`, ENDPOINT)],
    }).min(0),
    stackedBars({
      ...THIRD,
      title: 'Lost samples',
      description: 'Samples refused for good, and samples dropped before they were sent.',
      unit: 'short',
      queries: [
        over(
          `sum by (remote_name) (increase(${self('remote_storage_samples_failed_total')}[$__rate_interval]))`,
          `refused: ${ENDPOINT}`,
        ),
        over(
          `sum by (remote_name, reason) (increase(${self('remote_storage_samples_dropped_total')}[$__rate_interval]))`,
          `{{reason}}: ${ENDPOINT}`,
        ),
      ],
    }),
  ];
}

export function process() {
  return [
    lines({
      ...THIRD,
      title: 'Processors used',
      description: 'Processor seconds per second, all threads.',
      unit: 'none',
      queries: [
        over(
          `rate(process_cpu_seconds_total{${SELF}}[$__rate_interval]) and on (job, instance) ${self('build_info')}`,
          '{{instance}}',
        ),
      ],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Memory',
      description: 'Resident memory, and what contexts and forecast paths take of it.',
      unit: 'bytes',
      queries: [
        over(
          `process_resident_memory_bytes{${SELF}} and on (job, instance) ${self('build_info')}`,
          'resident: {{instance}}',
        ),
        over(`sum by (instance) (${self('pipeline_context_bytes')})`, 'contexts: {{instance}}'),
      ],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Delay of the serving thread (p99)',
      description: 'How long /metrics may wait for the thread that serves it.',
      unit: 's',
      queries: [
        over(`nodejs_eventloop_lag_p99_seconds{${SELF}} and on (job, instance) ${self('build_info')}`, '{{instance}}'),
      ],
    }).min(0),
  ];
}
