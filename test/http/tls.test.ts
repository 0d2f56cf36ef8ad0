import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../src/http/server.ts';
import { collectingLogger } from '../support/logger.ts';
import { certificate } from '../support/loopback.ts';
import { ask, openServer } from './serve.ts';
import { WebFiles } from './web-files.ts';

let files: WebFiles;
let server: HttpServer | undefined;
const logger = collectingLogger();

beforeEach(() => {
  files = new WebFiles('');
  logger.lines.splice(0);
});

afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
  files[Symbol.dispose]();
});

/** @param tls further lines of tls_server_config */
async function open(...tls: string[]): Promise<void> {
  write(...tls);
  server = await openServer({ settings: { webConfigFile: files.file }, logger });
}

function write(...tls: string[]): void {
  const lines = ['cert_file: server.crt', 'key_file: server.key', ...tls];
  files.write('tls_server_config:', ...lines.map((line) => `  ${line}`));
}

/** `200`, or how the connection ended. */
async function outcome(client?: 'client' | 'named'): Promise<number | string> {
  const pair = client === undefined ? {} : { cert: certificate(`${client}.crt`), key: certificate(`${client}.key`) };
  try {
    return (await ask(server!, '/-/healthy', pair)).status;
  } catch {
    return 'refused';
  }
}

describe('HTTPS', () => {
  it('is served with certificate and key from files', async () => {
    await open();
    expect(server!.isHttps).toBe(true);
    const answer = await ask(server!, '/metrics');
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('oa_score')]);
  });

  it('is served with certificate and key from the text', async () => {
    const inline = (key: string, pem: string) => `  ${key}: ${JSON.stringify(pem)}`;
    files.write(
      'tls_server_config:',
      inline('cert', certificate('server.crt')),
      inline('key', certificate('server.key')),
    );
    server = await openServer({ settings: { webConfigFile: files.file } });
    expect(await outcome()).toBe(200);
  });

  it('takes a new certificate at the next handshake, and clients may connect by IP address', async () => {
    await open();
    expect((await peer()).subjectaltname).toContain('IP Address:127.0.0.1');
    files.use('named', 'server');
    expect((await peer()).subjectaltname).toBe('DNS:metrics.example');
  });

  it('keeps the last good certificate while the files do not fit, answers 500, and recovers', async () => {
    await open();
    files.put('server.key', certificate('named.key'));
    for (let i = 0; i < 2; i++) expect(await outcome()).toBe(500);
    expect(logger.lines.map((line) => line.fields['err'])).toEqual([
      expect.stringMatching(/web\.yml: 3:3: does not work together with the certificate/),
    ]);
    files.use('server', 'server');
    expect(await outcome()).toBe(200);
    files.remove('server.crt');
    expect(await outcome()).toBe(500);
  });

  it('wants a restart when it is switched off', async () => {
    await open();
    files.write('');
    // The listener still speaks HTTPS with the certificate it had; who talks to it is told why nothing works.
    const answer = await ask(server!, '/metrics');
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining('restart')]);
  });
});

describe('versions and suites', () => {
  it('refuse what is older than the file says', async () => {
    await open('min_version: TLS13');
    await expect(ask(server!, '/-/healthy', { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version|EPROTO/);
    expect((await handshake()).getProtocol()).toBe('TLSv1.3');
  });

  it('go up to the newest that the file says', async () => {
    await open('max_version: TLS12', 'cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]');
    const socket = await handshake();
    expect([socket.getProtocol(), socket.getCipher().name]).toEqual(['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384']);
  });

  it('keep TLS 1.3 on where suites of older versions are named', async () => {
    await open('cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]');
    expect((await handshake()).getProtocol()).toBe('TLSv1.3');
  });

  it('take curves by their names in Go', async () => {
    await open('curve_preferences: [CurveP384]');
    const key = (await handshake()).getEphemeralKeyInfo() as { name?: string };
    expect(key.name).toBe('secp384r1');
  });

  it('reach back to TLS 1.0 where the file says so', async () => {
    await open('min_version: TLS10');
    const socket = await handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
    expect(socket.getProtocol()).toBe('TLSv1');
  });
});

describe('client certificates', () => {
  const rows = [
    { type: 'NoClientCert', ca: false, without: 200, trusted: 200, foreign: 200 },
    { type: 'RequestClientCert', ca: true, without: 200, trusted: 200, foreign: 200 },
    { type: 'RequireAnyClientCert', ca: true, without: 'refused', trusted: 200, foreign: 200 },
    { type: 'RequireClientCert', ca: true, without: 'refused', trusted: 200, foreign: 200 },
    { type: 'VerifyClientCertIfGiven', ca: true, without: 200, trusted: 200, foreign: 'refused' },
    { type: 'RequireAndVerifyClientCert', ca: true, without: 'refused', trusted: 200, foreign: 'refused' },
  ] as const;
  it.each(rows)('$type: none $without, of the authority $trusted, of another $foreign', async (row) => {
    const ca = row.ca ? ['client_ca_file: ca.crt'] : [];
    await open(`client_auth_type: ${row.type}`, ...ca);
    expect([await outcome(), await outcome('client')]).toEqual([row.without, row.trusted]);
    // The same client, once the authority is another: taken over at the next handshake.
    if (row.ca) files.use('other-ca', 'ca');
    expect(await outcome('client')).toBe(row.foreign);
  });

  it('change their rule with the file', async () => {
    await open('client_auth_type: RequireAndVerifyClientCert', 'client_ca_file: ca.crt');
    expect(await outcome()).toBe('refused');
    write();
    expect(await outcome()).toBe(200);
  });

  it('must carry an allowed name where names are given', async () => {
    await open('client_auth_type: RequireAnyClientCert', 'client_allowed_sans: [other.example, metrics.example]');
    expect([await outcome('named'), await outcome('client')]).toEqual([200, 'refused']);
    write('client_auth_type: RequireAnyClientCert', 'client_allowed_sans: [other.example]');
    expect(await outcome('named')).toBe('refused');
  });
});

describe('at start', () => {
  const rows: { name: string; break: () => void; says: RegExp }[] = [
    {
      name: 'a file that is not there',
      break: () => files.remove('server.crt'),
      says: /: 2:3: cannot be used: ENOENT/,
    },
    { name: 'a file that is no PEM', break: () => files.put('server.crt', 'x'), says: /: 2:3: holds no PEM block/ },
    {
      name: 'a certificate that is broken',
      break: () => files.put('server.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      says: /: 2:3: cannot be used: /,
    },
    {
      name: 'the key of another',
      break: () => files.put('server.key', certificate('client.key')),
      says: /: 3:3: does not work/,
    },
    { name: 'an authority that is none', break: () => files.put('ca.crt', 'x'), says: /: 5:3: holds no PEM block/ },
  ];
  it.each(rows)('is told: $name', async ({ break: breakIt, says }) => {
    breakIt();
    const opening = open('client_auth_type: RequireAnyClientCert', 'client_ca_file: ca.crt');
    await expect(opening).rejects.toMatchObject({ code: 'web_config_invalid', message: expect.stringMatching(says) });
  });
});

function handshake(options: Parameters<typeof ask>[2] = {}): Promise<TLSSocket> {
  const [host, port] = server!.addresses[0]!.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: host!,
        port: Number(port),
        rejectUnauthorized: false,
        minVersion: options.minVersion,
        maxVersion: options.maxVersion,
        ciphers: options.ciphers,
      },
      () => {
        resolve(socket);
        socket.end();
      },
    );
    socket.once('error', reject);
  });
}

async function peer(): Promise<PeerCertificate> {
  return (await handshake()).getPeerCertificate();
}
