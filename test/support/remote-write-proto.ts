import protobuf from 'protobufjs';

const v1 = protobuf.loadSync(new URL('../../proto/remote-write-1.proto', import.meta.url).pathname);
const v2 = protobuf.loadSync(new URL('../../proto/remote-write-2.proto', import.meta.url).pathname);

/** The message types of proto/, as an implementation that is not ours reads them. */
export const WriteRequest = v1.lookupType('prometheus.WriteRequest');
export const RequestV2 = v2.lookupType('io.prometheus.write.v2.Request');

export interface PlainSample {
  /** Name, value, name, value …, as on the wire. */
  readonly pairs: readonly string[];
  readonly timestampMs: number;
  readonly value: number;
}

/** A WriteRequest as protobufjs wants it. */
export function writeRequestObject(samples: readonly PlainSample[]): object {
  return {
    timeseries: samples.map((sample) => ({
      labels: toObjects(sample.pairs),
      samples: [{ value: sample.value, timestamp: sample.timestampMs }],
    })),
  };
}

/** A 2.0 Request as protobufjs wants it: symbols in order of first use, labels before help. */
export function requestV2Object(samples: readonly (PlainSample & { readonly help: string })[]): object {
  const symbols = [''];
  const refs = new Map([['', 0]]);
  const ref = (text: string): number => {
    let known = refs.get(text);
    if (known === undefined) {
      known = symbols.push(text) - 1;
      refs.set(text, known);
    }
    return known;
  };
  const timeseries = samples.map((sample) => ({
    labelsRefs: sample.pairs.map(ref),
    samples: [{ value: sample.value, timestamp: sample.timestampMs }],
    metadata: { type: 2, helpRef: ref(sample.help) },
  }));
  return { symbols, timeseries };
}

function toObjects(pairs: readonly string[]): { name: string; value: string }[] {
  const labels = [];
  for (let i = 0; i < pairs.length; i += 2) labels.push({ name: pairs[i]!, value: pairs[i + 1]! });
  return labels;
}
