import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LiveWebConfig } from '../../src/http/live-web-config.ts';
import { nullLogger } from '../support/logger.ts';
import { promtool } from '../support/servers.ts';
import { PASSWORD_HASHES, WebFiles } from './web-files.ts';

const TLS = ['tls_server_config:', '  cert_file: server.crt', '  key_file: server.key'];

/** Files that a Prometheus beside us may share with us: both must say the same of them. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  empty: [''],
  certificate: TLS,
  'certificate that is not there': [TLS[0]!, '  cert_file: none.crt', TLS[2]!],
  'key that is not there': [TLS[0]!, TLS[1]!, '  key_file: none.key'],
  'no key': TLS.slice(0, 2),
  'no certificate': [TLS[0]!, TLS[2]!],
  'key of another': [TLS[0]!, '  cert_file: ca.crt', TLS[2]!],
  'client rule': [...TLS, '  client_auth_type: RequireAndVerifyClientCert', '  client_ca_file: ca.crt'],
  'client rule alone': ['tls_server_config: {client_auth_type: RequireAnyClientCert}'],
  'client rule that is none': [...TLS, '  client_auth_type: Require', '  client_ca_file: ca.crt'],
  'authorities without a rule': [...TLS, '  client_ca_file: ca.crt'],
  'authorities that are not there': [...TLS, '  client_auth_type: RequireAnyClientCert', '  client_ca_file: none.crt'],
  versions: [...TLS, '  min_version: TLS10', '  max_version: TLS13'],
  'version that is none': [...TLS, '  min_version: TLS111'],
  suites: [...TLS, '  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]'],
  'suite that is none': [...TLS, '  cipher_suites: [TLS_X]'],
  curves: [...TLS, '  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]'],
  'curve that is none': [...TLS, '  curve_preferences: [P256]'],
  'preference of the server': [...TLS, '  prefer_server_cipher_suites: false'],
  'unknown key': ['tls_config: {}'],
  'unknown key of TLS': [...TLS, '  certificate: x'],
  users: ['basic_auth_users:', ...Object.values(PASSWORD_HASHES).map((hash, i) => `  u${i}: ${hash}`)],
  'user with a password in the clear': ['basic_auth_users: {alice: hunter2}'],
  headers: [
    'http_server_config:',
    '  http2: false',
    '  headers: {X-Frame-Options: deny, X-Content-Type-Options: nosniff}',
  ],
  'header of another kind': ['http_server_config: {headers: {Server: x}}'],
  'header value that is none': ['http_server_config: {headers: {X-Frame-Options: allow}}'],
  'YAML that is none': ['a: ['],
  'list of users': ['basic_auth_users: [a, b]'],
};

it.each(Object.entries(FILES))('is judged as promtool does: %s', async (_, lines) => {
  using files = new WebFiles(...lines);
  const theirs = await promtool(['check', 'web-config', files.file]);
  expect(isGood(files.file), theirs.stderr).toBe(theirs.code === 0);
});

it('is judged both ways', async () => {
  const verdicts = new Set<boolean>();
  for (const lines of Object.values(FILES)) {
    using files = new WebFiles();
    writeFileSync(files.file, `${lines.join('\n')}\n`);
    verdicts.add(isGood(files.file));
  }
  expect(verdicts).toEqual(new Set([true, false]));
});

function isGood(file: string): boolean {
  try {
    return new LiveWebConfig(file, nullLogger) instanceof LiveWebConfig;
  } catch {
    return false;
  }
}
