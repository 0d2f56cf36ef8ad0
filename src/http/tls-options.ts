import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext, DEFAULT_CIPHERS, type SecureContextOptions } from 'node:tls';
import type { Problem } from '../rules/problem.ts';
import { CIPHER_SUITES, CURVES, SECURE_VERSIONS, TLS13_SUITES } from './tls-names.ts';
import type { ParsedWebConfig } from './web-config.ts';
import type { TlsServerConfig } from './web-config-schema.ts';

export type LoadedTls = { readonly options: SecureContextOptions } | { readonly problem: Problem };

/** Files that a TLS section names, absolute; relative ones start at the folder of the configuration file. */
export function tlsFiles(tls: TlsServerConfig, dir: string): string[] {
  return [tls.cert_file, tls.key_file, tls.client_ca_file].filter(isGiven).map((file) => resolve(dir, file));
}

/** Reads the files of the section and tries what they hold: a certificate must fit its key. */
export function loadTls(tls: TlsServerConfig, dir: string, problemAt: ParsedWebConfig['tlsProblem']): LoadedTls {
  const options: SecureContextOptions = {
    minVersion: SECURE_VERSIONS[tls.min_version],
    maxVersion: SECURE_VERSIONS[tls.max_version],
    ciphers: ciphersOf(tls),
    honorCipherOrder: tls.prefer_server_cipher_suites,
  };
  if (tls.curve_preferences !== undefined && tls.curve_preferences.length > 0)
    options.ecdhCurve = tls.curve_preferences.map((name) => CURVES[name]).join(':');
  for (const [target, inline, file] of [
    ['cert', 'cert', 'cert_file'],
    ['key', 'key', 'key_file'],
    ['ca', 'client_ca', 'client_ca_file'],
  ] as const) {
    const path = tls[file];
    const key = isGiven(path) ? file : inline;
    try {
      const pem = isGiven(path) ? readFileSync(resolve(dir, path), 'utf8') : tls[inline];
      if (!isGiven(pem)) continue;
      if (!pem.includes('-----BEGIN ')) return { problem: problemAt(key, 'holds no PEM block (-----BEGIN …)') };
      options[target] = pem;
      // Tried one after the other, so that the one at fault is named.
      if (target !== 'key') createSecureContext({ [target]: pem });
    } catch (error) {
      return { problem: problemAt(key, `cannot be used: ${reasonOf(error)}`) };
    }
  }
  try {
    createSecureContext(options);
  } catch (error) {
    const key = isGiven(tls.key_file) ? 'key_file' : 'key';
    return { problem: problemAt(key, `does not work together with the certificate: ${reasonOf(error)}`) };
  }
  return { options };
}

function ciphersOf({ cipher_suites: suites = [], min_version: oldest }: TlsServerConfig): string {
  const named = suites.map((name) => CIPHER_SUITES[name]);
  const ciphers = suites.length === 0 ? DEFAULT_CIPHERS : [...new Set([...named, ...TLS13_SUITES])].join(':');
  // OpenSSL 3 switches TLS 1.0 and 1.1 off unless the security level is the lowest.
  return oldest === 'TLS10' || oldest === 'TLS11' ? `${ciphers}:@SECLEVEL=0` : ciphers;
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** OpenSSL's words without its numbers; file system errors as they are. Neither quotes a key. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^error:[0-9A-F]+:/, '');
}
