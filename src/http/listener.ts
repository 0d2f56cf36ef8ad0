import { X509Certificate } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { OpenAnomalyError } from '../errors.ts';
import type { Logger } from '../ports/logger.ts';
import { formatAddress, type ListenAddress } from './listen-address.ts';
import type { LiveWebConfig, ServerTls } from './live-web-config.ts';

/**
 * Scrapers come every 15 to 60 s and keep their connection for minutes: closing it under them costs a handshake each
 * time, and now and then a failed scrape when both ends act at once.
 */
const KEEP_ALIVE_MS = 310_000;
/** A peer that neither reads nor writes for this long is gone; a slow one is not. */
const STALLED_MS = 60_000;
const MOST_CONNECTIONS = 512;

export interface Listener {
  readonly server: Server;
  readonly address: string;
}

/** Listens on one address, with HTTPS where the web configuration has a certificate. Rejects with `listen_failed`. */
export async function listen(
  address: ListenAddress,
  options: { readonly webConfig: LiveWebConfig; readonly onRequest: RequestListener; readonly logger: Logger },
): Promise<Listener> {
  const server = options.webConfig.tls === undefined ? createServer() : secureServer(options.webConfig, options.logger);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.maxConnections = MOST_CONNECTIONS;
  server.setTimeout(STALLED_MS);
  server.on('request', options.onRequest);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const wanted = formatAddress(address.host ?? '', address.port);
      reject(new OpenAnomalyError('listen_failed', `cannot listen on ${wanted}: ${error.message}`, { cause: error }));
    });
    server.listen({ port: address.port, ...(address.host !== undefined && { host: address.host }) }, resolve);
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has an address and a port');
  return { server, address: formatAddress(bound.address, bound.port) };
}

/**
 * An HTTPS server that takes over changed certificates and client rules at the next handshake. They are set before the
 * server looks at the connection; a callback by server name would miss clients that connect by IP address.
 */
function secureServer(webConfig: LiveWebConfig, logger: Logger): SecureServer {
  const server = createSecureServer({ ALPNProtocols: ['http/1.1'] });
  let applied: ServerTls | undefined;
  const apply = () => {
    const { tls } = webConfig;
    if (tls === undefined || tls === applied) return;
    server.setSecureContext(tls.options);
    // Read by tls.Server for each connection; only its constructor has options for them.
    const { client_auth_type: kind } = tls.config;
    Object.assign(server, {
      requestCert: kind !== 'NoClientCert',
      rejectUnauthorized: kind === 'RequireAndVerifyClientCert',
    });
    if (applied !== undefined) logger.log('info', 'certificates of the server were read again');
    applied = tls;
  };
  apply();
  server.prependListener('connection', apply);
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const refusal = applied === undefined ? 'no certificate' : clientRefusal(socket, applied);
    if (refusal === undefined) return;
    logger.log('debug', 'client refused', { remote: socket.remoteAddress, reason: refusal });
    socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    logger.log('debug', 'handshake failed', { remote: socket.remoteAddress, err: error.message });
  });
  return server;
}

/** Why the certificate of a client does not do; undefined when it does. */
function clientRefusal(socket: TLSSocket, { config }: ServerTls): string | undefined {
  const { raw } = socket.getPeerCertificate();
  const isGiven = raw !== undefined;
  switch (config.client_auth_type) {
    case 'NoClientCert':
      return undefined;
    case 'RequireAnyClientCert':
    case 'RequireClientCert':
      if (!isGiven) return 'no client certificate';
      break;
    case 'VerifyClientCertIfGiven':
    case 'RequireAndVerifyClientCert':
      if (isGiven && !socket.authorized) return String(socket.authorizationError);
      break;
  }
  if (config.client_allowed_sans === undefined || !isGiven) return undefined;
  const names = alternativeNames(new X509Certificate(raw));
  return names.some((name) => config.client_allowed_sans?.includes(name)) ? undefined : 'no allowed alternative name';
}

/** Values of the subject alternative names, without their kind: `DNS:a.example, IP Address:127.0.0.1`. */
function alternativeNames({ subjectAltName }: X509Certificate): string[] {
  const items = subjectAltName?.match(/(?:[^",]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return items.map((item) => {
    const value = item.slice(item.indexOf(':') + 1).trim();
    return value.startsWith('"') ? String(JSON.parse(value)) : value;
  });
}
