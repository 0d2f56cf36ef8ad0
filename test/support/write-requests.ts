import snappy from 'snappyjs';
import { type Labels, labelsFromRecord } from '../../src/series/labels.ts';
import {
  type PlainSample,
  RequestV2,
  requestV2Object,
  WriteRequest,
  writeRequestObject,
} from './remote-write-proto.ts';

/** A body as a 1.0 sender packs it, by implementations that are not ours. */
export function packV1(samples: readonly PlainSample[]): Uint8Array<ArrayBuffer> {
  return packed(WriteRequest.encode(WriteRequest.fromObject(writeRequestObject(samples))).finish());
}

export function packV2(samples: readonly PlainSample[]): Uint8Array<ArrayBuffer> {
  const withHelp = samples.map((sample) => ({ ...sample, help: '' }));
  return packed(RequestV2.encode(RequestV2.fromObject(requestV2Object(withHelp))).finish());
}

/** `m{a="b",c="d"}` as labels; enough for tests, not for quotes in values. */
export function seriesOf(text: string): Labels {
  const [, name = '', inner = ''] = /^([^{]*)(?:\{(.*)\})?$/.exec(text) ?? [];
  const record: Record<string, string> = name === '' ? {} : { __name__: name };
  for (const [, label = '', value = ''] of inner.matchAll(/(\w+)="([^"]*)"/g)) record[label] = value;
  return labelsFromRecord(record);
}

function packed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(snappy.compress(new Uint8Array(message)));
}
