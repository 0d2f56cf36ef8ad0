import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../src/http/server.ts';
import { collectingLogger } from '../support/logger.ts';
import { type Ask, ask, openServer } from './serve.ts';
import { PASSWORD_HASHES, WebFiles } from './web-files.ts';

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

async function open(...lines: string[]): Promise<void> {
  files.write(...lines);
  server = await openServer({ settings: { webConfigFile: files.file }, logger });
}

async function status(path: string, options?: Ask): Promise<number> {
  return (await ask(server!, path, options)).status;
}

describe('users', () => {
  const users = ['basic_auth_users:', `  alice: ${PASSWORD_HASHES['2y']}`];

  it.each(Object.entries(PASSWORD_HASHES))('are let in with a hash that begins with $%s', async (_, hash) => {
    await open('basic_auth_users:', `  alice: ${hash}`);
    expect(await status('/metrics', { auth: 'alice:secret' })).toBe(200);
    expect(await status('/metrics', { auth: 'alice:secret ' })).toBe(401);
  });

  it('are asked for on every path', async () => {
    await open(...users);
    for (const path of ['/', '/metrics', '/-/healthy', '/-/ready', '/nothing']) {
      const answer = await ask(server!, path);
      expect([path, answer.status, answer.text]).toEqual([path, 401, 'Unauthorized.\n']);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
    }
  });

  const refused: { name: string; options: Ask }[] = [
    { name: 'a user who does not exist', options: { auth: 'bob:secret' } },
    { name: 'a name from the prototype', options: { auth: 'constructor:secret' } },
    { name: 'no password', options: { auth: 'alice:' } },
    { name: 'no name', options: { auth: ':secret' } },
    { name: 'another scheme', options: { headers: { authorization: 'Bearer secret' } } },
    { name: 'what is not base64', options: { headers: { authorization: 'Basic !!!' } } },
    { name: 'no colon', options: { headers: { authorization: `Basic ${Buffer.from('alice').toString('base64')}` } } },
  ];
  it.each(refused)('are refused with $name', async ({ options }) => {
    await open(...users);
    expect(await status('/metrics', options)).toBe(401);
    expect(await status('/metrics', { auth: 'alice:secret' })).toBe(200);
  });

  it('change with the file, and answers that are remembered go with them', async () => {
    await open(...users);
    expect(await status('/metrics', { auth: 'alice:secret' })).toBe(200);
    expect(await status('/metrics', { auth: 'bob:secret' })).toBe(401);
    files.write('basic_auth_users:', `  bob: ${PASSWORD_HASHES['2a']}`);
    expect(await status('/metrics', { auth: 'alice:secret' })).toBe(401);
    expect(await status('/metrics', { auth: 'bob:secret' })).toBe(200);
    files.write('');
    expect(await status('/metrics')).toBe(200);
  });

  it('are let in while others try passwords', async () => {
    await open(...users);
    expect(await status('/metrics', { auth: 'alice:secret' })).toBe(200);
    const tried = Array.from({ length: 30 }, (_, i) => status('/metrics', { auth: `alice:guess-${i}` }));
    expect(await status('/metrics', { auth: 'alice:secret' })).toBe(200);
    const answers = await Promise.all(tried);
    expect(new Set(answers)).toEqual(new Set([401, 503]));
    expect(answers.filter((answer) => answer === 401).length).toBeGreaterThanOrEqual(16);
    expect(await status('/metrics', { auth: 'alice:guess-29' })).toBe(401);
  });
});

describe('headers', () => {
  it('are added to every answer, refusals too', async () => {
    await open(
      'basic_auth_users:',
      `  alice: ${PASSWORD_HASHES['2b']}`,
      'http_server_config:',
      '  headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=60}',
    );
    for (const auth of ['alice:secret', 'alice:wrong']) {
      const { headers } = await ask(server!, '/-/healthy', { auth });
      expect([headers['x-frame-options'], headers['strict-transport-security']]).toEqual(['deny', 'max-age=60']);
    }
  });

  it('win over our own', async () => {
    await open("http_server_config: {headers: {Content-Security-Policy: default-src 'self'}}");
    expect((await ask(server!, '/')).headers['content-security-policy']).toBe("default-src 'self'");
  });
});

describe('the rate limit', () => {
  it('refuses what is over the burst, probes too', async () => {
    await open('rate_limit: {interval: 1h, burst: 2}');
    expect([await status('/metrics'), await status('/-/healthy'), await status('/-/healthy')]).toEqual([200, 200, 429]);
    files.write('');
    expect(await status('/metrics')).toBe(200);
  });
});

describe('a file that is broken', () => {
  it('keeps the server from opening, with every problem', async () => {
    await expect(open('basic_auth_users: {a: b}', 'x: 1')).rejects.toMatchObject({
      code: 'web_config_invalid',
      message: expect.stringMatching(/web\.yml: 1:23: must be a bcrypt hash.*\n.*web\.yml: 2:1: unknown key "x"/),
    });
  });

  it('keeps the server from opening when it is not there', async () => {
    files.remove('web.yml');
    const opening = openServer({ settings: { webConfigFile: files.file } });
    await expect(opening).rejects.toMatchObject({
      code: 'web_config_invalid',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('lets nobody in at run time, is told once, and is taken once it is mended', async () => {
    await open('');
    for (const broken of [() => files.write('x: 1'), () => files.remove('web.yml')]) {
      logger.lines.splice(0);
      broken();
      for (let i = 0; i < 2; i++) {
        const answer = await ask(server!, '/metrics');
        expect([answer.status, answer.text]).toEqual([500, 'The web configuration file is broken; see the log.\n']);
      }
      expect(logger.lines).toHaveLength(1);
    }
    files.write('');
    expect(await status('/metrics')).toBe(200);
  });

  it('does not serve in the clear what shall be encrypted now', async () => {
    await open('');
    files.write('tls_server_config: {cert_file: server.crt, key_file: server.key}');
    const answer = await ask(server!, '/metrics');
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining('restart')]);
  });
});
