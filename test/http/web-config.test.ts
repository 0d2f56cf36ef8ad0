import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkWebConfig } from '../../src/http/web-config.ts';
import { formatProblem } from '../../src/rules/problem.ts';
import { PASSWORD_HASHES } from './web-files.ts';

const CERTIFIED = ['tls_server_config:', '  cert_file: a.crt', '  key_file: a.key'];

function problems(...lines: string[]): string[] {
  return checkWebConfig(lines.join('\n'), 'web.yml').map(formatProblem);
}

describe('a good web configuration', () => {
  const rows: { name: string; lines: string[] }[] = [
    { name: 'nothing', lines: [''] },
    { name: 'comments', lines: ['# later'] },
    { name: 'a certificate in files', lines: CERTIFIED },
    { name: 'a certificate in the text', lines: ['tls_server_config: {cert: "-----BEGIN", key: "-----BEGIN"}'] },
    {
      name: 'every key of TLS',
      lines: [
        ...CERTIFIED,
        '  client_auth_type: RequireAndVerifyClientCert',
        '  client_ca_file: ca.crt',
        '  client_allowed_sans: [a.example]',
        '  min_version: TLS10',
        '  max_version: TLS12',
        '  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]',
        '  curve_preferences: [X25519, CurveP256, CurveP384, CurveP521]',
        '  prefer_server_cipher_suites: false',
      ],
    },
    { name: 'a TLS section that asks for nothing', lines: ['tls_server_config: {min_version: TLS13}'] },
    {
      name: 'users',
      lines: ['basic_auth_users:', ...Object.values(PASSWORD_HASHES).map((hash, i) => `  u${i}: ${hash}`)],
    },
    {
      name: 'headers',
      lines: [
        'http_server_config:',
        '  http2: false',
        '  headers:',
        "    Content-Security-Policy: default-src 'self'",
        '    Strict-Transport-Security: max-age=31536000',
        '    X-Content-Type-Options: nosniff',
        '    X-Frame-Options: sameorigin',
        '    X-XSS-Protection: "1; mode=block"',
      ],
    },
    { name: 'a rate limit', lines: ['rate_limit: {interval: 100ms, burst: 20}'] },
    { name: 'a rate limit that is off', lines: ['rate_limit: {interval: 0s}'] },
  ];
  it.each(rows)('may hold $name', ({ lines }) => {
    expect(problems(...lines)).toEqual([]);
  });
});

it('is documented with an example that is good', () => {
  const text = readFileSync(new URL('../../docs/web-config.md', import.meta.url), 'utf8');
  const example = text.split('```yaml\n')[1]?.split('```')[0] ?? '';
  expect(example).toContain('rate_limit:');
  expect(checkWebConfig(example, 'web.yml')).toEqual([]);
});

describe('a bad web configuration', () => {
  const rows: { name: string; lines: string[]; says: string[] }[] = [
    {
      name: 'an unknown key',
      lines: ['tls_config:', '  cert_file: a.crt'],
      says: ['web.yml: 1:1: unknown key "tls_config"'],
    },
    {
      name: 'unknown keys inside, all of them',
      lines: [...CERTIFIED, '  certfile: x', 'http_server_config:', '  htp2: true'],
      says: [
        'web.yml: 4:3: unknown key "certfile"; did you mean "cert_file"?',
        'web.yml: 6:3: unknown key "htp2"; did you mean "http2"?',
      ],
    },
    {
      name: 'no key for the certificate',
      lines: CERTIFIED.slice(0, 2),
      says: ['web.yml: 1:1: "key" or "key_file" is missing'],
    },
    {
      name: 'no certificate for the key',
      lines: [CERTIFIED[0]!, CERTIFIED[2]!],
      says: ['"cert" or "cert_file" is missing'],
    },
    {
      name: 'client rules without a certificate',
      lines: ['tls_server_config: {client_auth_type: RequireAnyClientCert}'],
      says: ['"cert" or "cert_file" is missing', '"key" or "key_file" is missing'],
    },
    {
      name: 'a certificate twice',
      lines: [...CERTIFIED, '  cert: x'],
      says: ['web.yml: 2:3: give "cert" or "cert_file", not both'],
    },
    {
      name: 'authorities that nobody is checked against',
      lines: [...CERTIFIED, '  client_ca_file: ca.crt'],
      says: ['web.yml: 4:3: "client_ca_file" is of no use while client_auth_type is NoClientCert'],
    },
    {
      name: 'names that nobody is checked for',
      lines: [...CERTIFIED, '  client_allowed_sans: [a]'],
      says: ['web.yml: 4:3: "client_allowed_sans" is of no use'],
    },
    {
      name: 'versions upside down',
      lines: [...CERTIFIED, '  min_version: TLS13', '  max_version: TLS12'],
      says: ['web.yml: 4:3: TLS13 is newer than max_version, which is TLS12'],
    },
    {
      name: 'an unknown version',
      lines: [...CERTIFIED, '  min_version: TLS111'],
      says: ['web.yml: 4:16: must be one of TLS10, TLS11'],
    },
    {
      name: 'an unknown suite',
      lines: [...CERTIFIED, '  cipher_suites: [TLS_X]'],
      says: ['web.yml: 4:19: must be one of TLS_AES'],
    },
    {
      name: 'an unknown curve',
      lines: [...CERTIFIED, '  curve_preferences: [P256]'],
      says: ['web.yml: 4:23: must be one of CurveP256'],
    },
    {
      name: 'an unknown client rule',
      lines: [...CERTIFIED, '  client_auth_type: Require'],
      says: ['web.yml: 4:21: must be one of NoClientCert'],
    },
    {
      name: 'a header of its own',
      lines: ['http_server_config: {headers: {Server: x}}'],
      says: ['web.yml: 1:32: unknown key "Server"'],
    },
    {
      name: 'a value that a header does not have',
      lines: ['http_server_config: {headers: {X-Frame-Options: allow}}'],
      says: ['web.yml: 1:49: must be one of deny or sameorigin, not "allow"'],
    },
    {
      name: 'a rate limit that lets nothing in',
      lines: ['rate_limit:', '  interval: 1s'],
      says: ['web.yml: 1:1: must be at least 1'],
    },
    { name: 'YAML that is none', lines: ['a: ['], says: ['web.yml: 1:5: yaml: '] },
    { name: 'a list', lines: ['- a'], says: ['web.yml: 1:1: must be a map of keys and values, not a list'] },
  ];
  it.each(rows)('is told: $name', ({ lines, says }) => {
    const found = problems(...lines);
    expect(found).toHaveLength(says.length);
    says.forEach((text, i) => {
      expect(found[i]).toContain(text);
    });
  });

  it('never shows a password that was not hashed', () => {
    const [problem] = problems('basic_auth_users:', '  alice: hunter2');
    expect(problem).toContain('web.yml: 2:10: must be a bcrypt hash');
    expect(problem).not.toContain('hunter2');
  });
});
