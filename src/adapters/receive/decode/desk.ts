import { type Labels, labelValue, withoutLabel } from '../../../series/labels.ts';
import { decodeWriteRequest } from '../../../wire/remote-write/decode-v1.ts';
import { RequestDecoder } from '../../../wire/remote-write/decode-v2.ts';
import { DecodedSamples } from '../../../wire/remote-write/decoded-samples.ts';
import { FieldReader } from '../../../wire/remote-write/field-reader.ts';
import { MalformedMessage } from '../../../wire/remote-write/malformed.ts';
import { unpackedLength, unpackSnappy } from '../../../wire/remote-write/snappy.ts';
import type {
  Begun,
  DeskReport,
  DeskSettings,
  FromDesk,
  Outcomes,
  PassedRequest,
  StreamBlock,
  ToDesk,
} from './messages.ts';
import { PairTracker } from './pair-tracker.ts';
import { SeriesTable } from './series-table.ts';
import { Stream } from './stream.ts';

/** A series that at least one stream wants. */
interface Wanted {
  /** As it is scored. */
  readonly labels: Labels;
  readonly pair: { readonly cluster: string; readonly replica: string } | undefined;
  readonly targets: { readonly stream: Stream; slot: number }[];
}

const NOTHING: Begun = { kind: 'begun', knownFromMs: Infinity, oldestMs: Infinity, series: 0 };
const NO_SETTINGS: DeskSettings = { streams: [], maxSeries: 1, queueSamples: 0, decodedBytes: 0, haLabels: undefined };

/** Looks at requests that were forwarded: decodes them, and keeps for each pipeline the samples of its series. */
export class DecodeDesk {
  #settings = NO_SETTINGS;
  #streams = new Map<string, Stream>();
  #table = new SeriesTable(1, () => 0);
  /** A series' mark is its position here, counted from 1. */
  #wanted: Wanted[] = [];
  #pairs: PairTracker | undefined;
  #buffer = new Uint8Array(64 * 1024);
  readonly #reader = new FieldReader();
  readonly #samples = new DecodedSamples();
  readonly #requests = new RequestDecoder();
  readonly #nowMs: () => number;
  #busyMs = 0;

  /** `nowMs` is for measuring how long work takes. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  answer(message: ToDesk): FromDesk {
    const startedMs = this.#nowMs();
    const answer = this.#answer(message);
    this.#busyMs += this.#nowMs() - startedMs;
    if (answer.kind !== 'report') return answer;
    const report = { ...answer, busyMs: this.#busyMs };
    this.#busyMs = 0;
    return report;
  }

  #answer(message: ToDesk): Begun | StreamBlock | Omit<DeskReport, 'busyMs'> {
    switch (message.kind) {
      case 'configure':
        this.#configure(message.settings, message.nowMs);
        return this.#report([]);
      case 'requests':
        return this.#report(message.requests);
      case 'begin':
        return this.#streams.get(message.pipeline)?.begin(message.startMs, message.endMs) ?? NOTHING;
      case 'block':
        return this.#streams.get(message.pipeline)?.block(message.startMs, message.steps) ?? emptyBlock();
    }
  }

  /** Streams whose definition did not change go on as they are; series are looked at anew. */
  #configure(settings: DeskSettings, nowMs: number): void {
    const before = this.#streams;
    this.#streams = new Map(
      settings.streams.map((definition) => {
        const known = before.get(definition.pipeline);
        const isSame = known !== undefined && JSON.stringify(known.definition) === JSON.stringify(definition);
        return [
          definition.pipeline,
          isSame
            ? known
            : new Stream(definition, { sinceMs: nowMs, mostSamples: () => this.#roomOf(definition.pipeline) }),
        ];
      }),
    );
    const { haLabels } = settings;
    if (haLabels === undefined) this.#pairs = undefined;
    else if (JSON.stringify(haLabels) !== JSON.stringify(this.#settings.haLabels))
      this.#pairs = new PairTracker(haLabels.failoverMs);
    this.#settings = settings;
    this.#table = new SeriesTable(settings.maxSeries, (labels) => this.#markOf(labels));
    this.#wanted = [];
  }

  #decode({ version, body, receivedMs }: PassedRequest): keyof Outcomes {
    this.#samples.clear();
    if (this.#table.keepBound()) this.#wanted = [];
    try {
      const length = unpackedLength(body);
      if (length > this.#settings.decodedBytes) return 'too_large';
      if (length > this.#buffer.length) this.#buffer = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      this.#reader.use(this.#buffer.subarray(0, unpackSnappy(body, this.#buffer)));
      if (version === '1.0') decodeWriteRequest(this.#reader, this.#table, this.#samples);
      else this.#requests.decode(this.#reader, this.#table, this.#samples);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      // Half a request is none: what it says cannot be trusted.
      this.#samples.clear();
      return 'malformed';
    }
    this.#take(receivedMs);
    return version;
  }

  #take(receivedMs: number): void {
    const { marks, timestampsMs, values, count } = this.#samples;
    for (let i = 0; i < count; i++) {
      const { labels, pair, targets } = this.#wanted[marks[i]! - 1]!;
      const isOurs = pair === undefined || this.#pairs!.admits(pair.cluster, pair.replica, receivedMs);
      for (const target of targets) {
        const { stream } = target;
        if (!isOurs) {
          stream.leave();
          continue;
        }
        for (let isTaken = false; !isTaken; ) {
          // A series that has nothing left, for a while or since room was made, has lost its slot.
          if (stream.labelsAt(target.slot) !== labels) target.slot = stream.slotOf(labels);
          isTaken = stream.take(target.slot, timestampsMs[i]!, values[i]!, receivedMs);
          if (!isTaken) this.#makeRoom();
        }
      }
    }
  }

  /** The stream that keeps most gives up its oldest samples. */
  #makeRoom(): void {
    const [first, ...others] = this.#streams.values();
    others.reduce((most, stream) => (stream.samples > most.samples ? stream : most), first!).dropOldest();
  }

  #markOf(labels: Labels): number {
    const { haLabels } = this.#settings;
    const cluster = haLabels && labelValue(labels, haLabels.cluster);
    const replica = haLabels && labelValue(labels, haLabels.replica);
    const pair = cluster === undefined || replica === undefined ? undefined : { cluster, replica };
    const scored = pair === undefined ? labels : withoutLabel(labels, haLabels!.replica);
    const targets = [...this.#streams.values()]
      .filter((stream) => stream.matches(scored))
      .map((stream) => ({ stream, slot: stream.slotOf(scored) }));
    return targets.length === 0 ? 0 : this.#wanted.push({ labels: scored, pair, targets });
  }

  #kept(): number {
    let samples = 0;
    for (const stream of this.#streams.values()) samples += stream.samples;
    return samples;
  }

  /** How many samples a stream may keep, as much as the others do. */
  #roomOf(pipeline: string): number {
    const own = this.#streams.get(pipeline)?.samples ?? 0;
    return this.#settings.queueSamples - this.#kept() + own;
  }

  #report(requests: readonly PassedRequest[]): Omit<DeskReport, 'busyMs'> {
    const outcomes = { '1.0': 0, '2.0': 0, malformed: 0, too_large: 0 };
    let samples = 0;
    for (const request of requests) {
      outcomes[this.#decode(request)]++;
      samples += this.#samples.total;
    }
    return {
      kind: 'report',
      outcomes,
      samples,
      series: this.#table.size,
      queueSamples: this.#kept(),
      tallies: [...this.#streams.values()].flatMap((stream) => stream.drainCounts() ?? []),
    };
  }
}

function emptyBlock(): StreamBlock {
  return { kind: 'block', told: [], slots: new Int32Array(0), values: new Float64Array(0), samples: 0 };
}
