import type { ForwardedWrite } from '../../../ports/sample-streams.ts';
import type { ProtocolVersion } from './messages.ts';

/** Why a request is not looked at. */
export type NotLookedAt = 'refused' | 'encoding' | 'type';

const V1 = 'prometheus.WriteRequest';
const V2 = 'io.prometheus.write.v2.Request';
const WRITTEN = 'x-prometheus-remote-write-samples-written';

/** The protocol of a request whose samples the receiver has, or why nobody looks at them. */
export function protocolOf({ headers, answer }: ForwardedWrite): ProtocolVersion | NotLookedAt {
  if (answer.status < 200 || answer.status > 299) return 'refused';
  const encoding = textOf(headers['content-encoding']);
  // Receivers take what says nothing as what everybody sends.
  if (encoding !== undefined && encoding.toLowerCase() !== 'snappy') return 'encoding';
  const version = versionOf(textOf(headers['content-type']));
  // A receiver that stored a 2.0 request says how much of it; one that does not say so took it for something else.
  if (version === '2.0' && answer.headers[WRITTEN] === undefined) return 'refused';
  return version;
}

let lastType: string | undefined;
let lastVersion: ProtocolVersion | 'type' = '1.0';

/** A sender says the same each time. */
function versionOf(contentType: string | undefined): ProtocolVersion | 'type' {
  if (contentType === undefined) return '1.0';
  if (contentType !== lastType) {
    lastVersion = parsedVersion(contentType);
    lastType = contentType;
  }
  return lastVersion;
}

function parsedVersion(contentType: string): ProtocolVersion | 'type' {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/x-protobuf') return 'type';
  const proto = parameters.find((parameter) => /^proto=/i.test(parameter))?.slice('proto='.length);
  if (proto === undefined || proto === V1) return '1.0';
  return proto === V2 ? '2.0' : 'type';
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value.join(',') : value;
}
