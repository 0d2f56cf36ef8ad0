import { flag, mapOf, optional, positiveDuration, section, text, whole } from '../document/schema.ts';
import { HTTP_CLIENT_FIELDS, url } from './http-schema.ts';

const haLabels = section(
  {
    cluster: text({ description: 'Label that names the pair.', default: 'cluster' }),
    replica: text({
      description: 'Label that tells the replicas of a pair apart; scored series are without it.',
      default: '__replica__',
    }),
    failover_timeout: positiveDuration({
      description: 'Silence of the replica that is scored after which another one takes its place.',
      default: '30s',
    }),
  },
  {
    title: 'ha_labels',
    description: 'Pairs of senders that send the same: of each pair one replica is scored, and all are forwarded.',
  },
);

/** The remote-write proxy: what comes in goes on unchanged, and `selector` pipelines look at it as it passes. */
export const proxySchema = section(
  {
    url: url({ description: 'Full URL of the receiver, usually ending in /api/v1/write.' }),
    path: text({
      description: 'Path that senders write to, below the route prefix.',
      pattern: '^/',
      'x-what': 'a path that starts with "/"',
      default: '/api/v1/write',
    }),
    timeout: positiveDuration({
      description:
        'Longest time the receiver may take; then the sender is told to try again. Longer than the 30s after which Prometheus gives up by itself.',
      default: '1m',
    }),
    headers: mapOf(text({ description: 'A value.', 'x-secret': true }), {
      description: 'Headers that are set on what goes on, such as a tenant; one of the sender’s is replaced.',
      default: {},
    }),
    append: flag({
      description: 'Also write what `selector` pipelines find to the receiver, by requests of our own.',
      default: false,
    }),
    max_body_bytes: whole({
      description: 'Largest request as it is sent; above it the answer is 413. Receivers refuse from 32 MiB on.',
      minimum: 1024,
      default: 33_554_432,
    }),
    max_decoded_bytes: whole({
      description: 'Largest request after decompression that is looked at; larger ones are only forwarded.',
      minimum: 1024,
      default: 67_108_864,
    }),
    max_requests_in_flight: whole({
      description: 'Requests at one time; beyond it senders are told to come back (503).',
      minimum: 1,
      default: 256,
    }),
    max_bytes_in_flight: whole({
      description: 'Bytes of requests held at one time; beyond it senders are told to come back (503).',
      minimum: 1024,
      default: 134_217_728,
    }),
    queue_bytes: whole({
      description:
        'Bytes of forwarded requests that may wait to be decoded, and 65,536 of them; beyond it the oldest are dropped.',
      minimum: 1024,
      default: 33_554_432,
    }),
    queue_samples: whole({
      description:
        'Samples of matched series that are kept until they are scored, 16 bytes each; beyond it the oldest are dropped.',
      minimum: 1000,
      default: 4_000_000,
    }),
    max_series: whole({
      description:
        'Distinct series that are remembered, so that labels are looked at once; some 150 bytes each. Beyond it all are looked at anew.',
      minimum: 1000,
      default: 1_000_000,
    }),
    ha_labels: optional(haLabels),
    ...HTTP_CLIENT_FIELDS,
  },
  {
    title: 'proxy',
    description:
      'Remote write through us to a receiver. Samples that pass are forwarded unchanged and scored by `selector` pipelines.',
  },
);
