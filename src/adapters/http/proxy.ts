import { BlockList, isIP } from 'node:net';

export interface ProxySettings {
  readonly proxyUrl: string | undefined;
  readonly noProxy: string | undefined;
  readonly proxyFromEnvironment: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a request, or undefined for a direct one. As in Go's client: the environment and a `no_proxy` list
 * never send loopback hosts through a proxy, a bare `proxy_url` does.
 */
export function proxyFor(target: URL, settings: ProxySettings, environment: Environment): string | undefined {
  if (settings.proxyUrl !== undefined) {
    if (settings.noProxy === undefined) return settings.proxyUrl;
    return isExempt(target, settings.noProxy) ? undefined : settings.proxyUrl;
  }
  if (!settings.proxyFromEnvironment) return undefined;
  const variable = target.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = fromEnvironment(environment, variable);
  if (proxy === undefined) return undefined;
  if (isExempt(target, fromEnvironment(environment, 'NO_PROXY') ?? '')) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function fromEnvironment(environment: Environment, name: string): string | undefined {
  const text = environment[name] || environment[name.toLowerCase()];
  return text === undefined || text === '' ? undefined : text;
}

function isExempt(target: URL, noProxy: string): boolean {
  const host = target.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isLoopback(host)) return true;
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  return noProxy.split(',').some((entry) => matchesEntry(entry.trim().toLowerCase(), host, port));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Entries of the NO_PROXY convention: `*`, an address, a network in CIDR form, a domain (with its subdomains), with or without a port. */
function matchesEntry(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(entry, host);
  const [name, wantedPort] = splitPort(entry);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (isIP(name) !== 0) return name === host;
  if (name.startsWith('*.')) return host.endsWith(name.slice(1));
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || host.endsWith(`.${name}`);
}

function splitPort(entry: string): [name: string, port: string | undefined] {
  if (isIP(entry) !== 0) return [entry, undefined];
  const match = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(entry);
  return match === null ? [entry, undefined] : [match[1] ?? match[2] ?? entry, match[3]];
}

function isInNetwork(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const network = new BlockList();
  network.addSubnet(address, Number(bits), type);
  return network.check(host, type);
}
