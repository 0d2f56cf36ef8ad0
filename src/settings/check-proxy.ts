import type { Loose } from '../document/read.ts';
import { isLabelName } from '../series/labels.ts';
import { checkHttpClient } from './check-http.ts';
import { isUrl, type Report } from './report.ts';
import type { RawSettings } from './schema.ts';

type RawProxy = NonNullable<RawSettings['proxy']>;

/** Headers that the body, the connection or the block of credentials owns. */
const RESERVED_HEADERS =
  /^(authorization|host|content-encoding|content-type|content-length|transfer-encoding|connection|keep-alive|expect|upgrade|te|trailer|proxy-.*|x-prometheus-remote-.*)$/i;

/** What of the `proxy` block excludes one another, or what its neighbours have. */
export function checkProxy(proxy: Loose<RawProxy>, settings: Loose<RawSettings>, report: Report): void {
  const path = ['proxy'];
  if (proxy.url !== undefined && !isUrl(proxy.url)) report([...path, 'url'], 'is no URL');
  checkHttpClient(proxy, path, report);
  for (const name of Object.keys(proxy.headers ?? {})) {
    if (!RESERVED_HEADERS.test(name)) continue;
    const instead = /^authorization$/i.test(name) ? '; use basic_auth, authorization or oauth2' : '';
    report([...path, 'headers', name], `is a header that cannot be set here${instead}`);
  }
  if (proxy.path !== undefined && proxy.path === settings.server?.telemetry_path)
    report([...path, 'path'], `is where the metrics page is; choose another path`);
  checkPair(proxy, report);
  const { max_body_bytes: body, max_bytes_in_flight: inFlight } = proxy;
  if (body !== undefined && inFlight !== undefined && inFlight < body)
    report(
      [...path, 'max_bytes_in_flight'],
      `${inFlight} is less than max_body_bytes, which is ${body}: such a request could never pass`,
    );
}

function checkPair({ ha_labels: pair }: Loose<RawProxy>, report: Report): void {
  if (pair === undefined) return;
  for (const key of ['cluster', 'replica'] as const) {
    const name = pair[key];
    if (name !== undefined && !isLabelName(name)) report(['proxy', 'ha_labels', key], `"${name}" is no label name`);
  }
  if (pair.cluster !== undefined && pair.cluster === pair.replica)
    report(['proxy', 'ha_labels', 'replica'], 'is the label of the cluster too; a replica needs one of its own');
}
