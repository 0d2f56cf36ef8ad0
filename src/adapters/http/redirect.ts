const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** As many as Go's client follows, which people know from Prometheus. */
export const MOST_REDIRECTS = 10;

/** Where an answer sends us, or undefined when it is no redirect or its address makes no sense. */
export function redirectTarget(status: number, location: string | undefined, from: URL): URL | undefined {
  if (!REDIRECTS.has(status) || location === undefined || !URL.canParse(location, from.href)) return undefined;
  const target = new URL(location, from);
  return target.protocol === 'http:' || target.protocol === 'https:' ? target : undefined;
}

/** Whether credentials for `first` may go to `next`: the same host, and not from TLS to plain text. */
export function mayCarryCredentials(first: URL, next: URL): boolean {
  if (next === first) return true;
  return first.hostname === next.hostname && (first.protocol === 'http:' || next.protocol === 'https:');
}
