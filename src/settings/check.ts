import type { Finding } from '../document/finding.ts';
import { childOf, type Item, placeAt } from '../document/item.ts';
import type { Loose } from '../document/read.ts';
import { checkHttpClient } from './check-http.ts';
import { checkProxy } from './check-proxy.ts';
import { checkRemoteWrite } from './check-remote-write.ts';
import { isUrl, type Report } from './report.ts';
import type { RawSettings } from './schema.ts';

/** Checks across keys. Values that are wrong by themselves are absent here and not looked at again. */
export function checkSettings(settings: Loose<RawSettings>, root: Item): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (path, message) => {
    findings.push({ path, offset: placeAt(root, path).keyOffset, message, severity: 'error' });
  };
  checkSources(settings, root, report);
  for (const [name, source] of Object.entries(settings.datasources ?? {})) {
    const path = ['datasources', name];
    if (source === undefined || !('url' in source || source.type === 'prometheus')) continue;
    if (source.url !== undefined && !isUrl(source.url)) report([...path, 'url'], 'is no URL');
    checkHttpClient(source, path, report);
  }
  checkRemoteWrite(settings.remote_write ?? [], report);
  if (settings.proxy !== undefined) checkProxy(settings.proxy, settings, report);
  checkServer(settings.server, report);
  return findings;
}

/** Without a proxy there is nothing to look at but data sources. */
function checkSources({ datasources, proxy }: Loose<RawSettings>, root: Item, report: Report): void {
  const written = childOf(root, 'datasources');
  if (datasources === undefined || proxy !== undefined) return;
  if (written === undefined) report([], '"datasources" is missing');
  else if (written.kind === 'map' && written.entries.size === 0)
    report(['datasources'], 'must have at least one entry');
}

function checkServer(server: Loose<RawSettings['server']> | undefined, report: Report): void {
  if (server?.external_url !== undefined && !isUrl(server.external_url))
    report(['server', 'external_url'], 'is no URL');
  server?.listen_addresses?.forEach((address, i) => {
    if (address !== undefined && !isListenAddress(address))
      report(['server', 'listen_addresses', i], `must be "host:port" or ":port", not "${address}"`);
  });
}

/** `host:port`, `[address]:port` or `:port`. */
export function isListenAddress(address: string): boolean {
  const port = /^(?:[^:\s]*|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})$/.exec(address)?.[1];
  return port !== undefined && Number(port) <= 65_535;
}
