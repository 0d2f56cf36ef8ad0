interface NetworkError extends Error {
  readonly code?: string;
  readonly errors?: readonly Error[];
}

/** Advice by the code that Node.js, OpenSSL or undici put on an error. */
const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the server running and the port right?',
  ENOTFOUND: 'the host name does not resolve; check its spelling and the DNS of this machine',
  EAI_AGAIN: 'the name server does not answer; check the DNS of this machine',
  EHOSTUNREACH: 'there is no route to the host; check network and firewall',
  ENETUNREACH: 'there is no route to the network; check network and firewall',
  EACCES: 'a firewall or policy of this machine forbids the connection',
  ETIMEDOUT: 'the host does not answer; check address and firewall',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer; check address and firewall',
  ECONNRESET: 'the server closed the connection; look into its log',
  EPIPE: 'the server closed the connection; look into its log',
  UND_ERR_SOCKET: 'the server closed the connection; look into its log',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut off; look into the log of the server',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; give its CA as tls_config.ca_file',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from a CA unknown here; give that CA as tls_config.ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from a CA unknown here; give that CA as tls_config.ca_file',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from a CA unknown here; give that CA as tls_config.ca_file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from a CA unknown here; give that CA as tls_config.ca_file',
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it on the server',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; compare the clocks of both machines',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name; set tls_config.server_name or use that name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on that port; should the URL start with http://?',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate; set tls_config.cert_file and key_file',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'the TLS handshake failed; compare min_version and max_version with the server',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'it refuses this TLS version; see tls_config.min_version and max_version',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it offers only TLS versions refused here; see tls_config.min_version and max_version',
};

/** One sentence: whom we called, what went wrong, what to do. `url` is printed without credentials, path and query. */
export function describeNetworkError(error: unknown, url: URL): string {
  const cause = innermost(error);
  const code = cause.code ?? '';
  const advice =
    ADVICE[code] ??
    (cause.name === 'HTTPParserError'
      ? 'it does not answer in HTTP; should the URL start with https://?'
      : cause.message);
  const shownCode = code === '' ? '' : ` (${code})`;
  return `cannot reach ${hostAndPort(url)}: ${advice}${shownCode}`;
}

export function timeoutMessage(url: URL, timeoutMs: number): string {
  return `${hostAndPort(url)} did not finish its answer within ${timeoutMs / 1000} s; ask for less or raise the timeout`;
}

export function hostAndPort(url: URL): string {
  return `${url.protocol}//${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
}

/** An address that fails on IPv6 and IPv4 comes as an AggregateError without a message of its own. */
function innermost(error: unknown): NetworkError {
  let current = (error instanceof Error ? error : new Error(String(error))) as NetworkError;
  for (let depth = 0; depth < 4; depth++) {
    const next = current.errors?.[0] ?? (ADVICE[current.code ?? ''] === undefined ? current.cause : undefined);
    if (!(next instanceof Error)) break;
    current = next;
  }
  return current;
}
