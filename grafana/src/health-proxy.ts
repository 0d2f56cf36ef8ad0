import { lines, stackedBars } from './panels.ts';
import { over, SELF } from './queries.ts';

const THIRD = { width: 8, height: 8 };
const QUARTER = { width: 6, height: 8 };

const self = (family: string, more = '') => `openanomaly_proxy_${family}{${SELF}${more}}`;
const perSecond = (by: string, family: string) => `sum by (${by}) (rate(${self(family)}[$__rate_interval]))`;

/** Remote write that passes through: is it taken, how long does it take, and is it looked at? */
export function proxy() {
  return [
    lines({
      ...THIRD,
      title: 'Requests through the proxy',
      description:
        'Requests per second by the status of the receiver, and those without an answer of it. Senders send again after 429, 5xx and no answer, and drop what has another 4xx.',
      unit: 'ops',
      queries: [
        over(perSecond('code', 'requests_forwarded_total'), '{{code}}'),
        over(perSecond('reason', 'requests_rejected_total'), 'no answer: {{reason}}'),
      ],
    }).min(0),
    lines({
      ...THIRD,
      title: 'Time of forwarding',
      description: 'Time that a sender waits for the answer of the receiver, once its request is here.',
      unit: 's',
      queries: [0.99, 0.5].map((quantile) =>
        over(
          `histogram_quantile(${quantile}, ${perSecond('le, instance', 'forward_duration_seconds_bucket')})`,
          `p${quantile * 100}: {{instance}}`,
        ),
      ),
    }).min(0),
    stackedBars({
      ...THIRD,
      title: 'Bytes held',
      description: 'Bodies of requests under way, and of forwarded ones that wait to be decoded. Both have a limit.',
      unit: 'bytes',
      queries: [
        over(`sum by (instance) (${self('in_flight_bytes')})`, 'under way: {{instance}}'),
        over(`sum by (instance) (${self('queue_bytes')})`, 'to be decoded: {{instance}}'),
      ],
    }),
    lines({
      ...QUARTER,
      title: 'Samples matched',
      description: 'Samples per second that the selector of a pipeline matched.',
      unit: 'cps',
      queries: [over(perSecond('pipeline', 'samples_matched_total'), '{{pipeline}}')],
    }).min(0),
    lines({
      ...QUARTER,
      title: 'Samples that wait',
      description: 'Samples of matched series that are kept until the next evaluation of their pipeline.',
      unit: 'short',
      queries: [over(`sum by (instance) (${self('queue_samples')})`, '{{instance}}')],
    }).min(0),
    stackedBars({
      ...QUARTER,
      title: 'Samples not scored',
      description: 'Matched samples that were left, by reason: late ones came after their instant was scored.',
      unit: 'short',
      queries: [over(`sum by (reason) (increase(${self('samples_skipped_total')}[$__rate_interval]))`, '{{reason}}')],
    }),
    stackedBars({
      ...QUARTER,
      title: 'Requests not looked at',
      description: 'Requests that were forwarded and not decoded, by reason. One that is not stored is not looked at.',
      unit: 'short',
      queries: [over(`sum by (reason) (increase(${self('requests_skipped_total')}[$__rate_interval]))`, '{{reason}}')],
    }),
  ];
}
