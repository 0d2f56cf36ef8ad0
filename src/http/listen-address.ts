import { OpenAnomalyError } from '../errors.ts';

export interface ListenAddress {
  /** Undefined: every address of the machine, IPv6 and IPv4. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Parses `host:port`, `[::1]:port` or `:port`; port 0 takes a free one. Throws `config_invalid`. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new OpenAnomalyError('config_invalid', `listen address "${text}" must be host:port, [ipv6]:port or :port`);
  const host = match[1] ?? match[2];
  return { host: host === '' ? undefined : host, port };
}

/** As it stands in a URL: IPv6 addresses in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
