import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openanomaly-cli-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function run(argv: readonly string[], stdin = '') {
  let stdout = '';
  let stderr = '';
  const io = {
    stdout: (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
    stdin: async () => stdin,
    environment: {},
    cwd: dir,
    isTerminal: false,
  };
  const code = await runCommandLine(argv, io, { stop: Promise.resolve('test'), onReload: () => {} });
  return { code, stdout, stderr };
}

const GOOD =
  'groups:\n  - name: g\n    pipelines:\n      - {name: a, query: up}\n      - {name: b, query: "rate(x[5m])"}\n';
const BAD =
  'groups:\n  - name: g\n    pipelines:\n      - {name: a, query: "rate(x[5m"}\n      - {name: b, query: up, stepp: 1m}\n';
const SOURCE = 'datasources: {default: {type: simulated}}\n';

describe('check rules', () => {
  test('a good file: standard output, exit code 0', async () => {
    await writeFile(join(dir, 'good.yaml'), GOOD);
    expect(await run(['check', 'rules', 'good.yaml'])).toEqual({
      code: 0,
      stdout: 'Checking good.yaml\n  SUCCESS: 2 pipelines found\n\n',
      stderr: '',
    });
  });

  test('a bad file: problems on standard error, exit code 1, the other files are checked all the same', async () => {
    await writeFile(join(dir, 'good.yaml'), GOOD.replace('name: a,', 'name: c,').replace('name: b,', 'name: d,'));
    await writeFile(join(dir, 'bad.yaml'), BAD);
    const { code, stdout, stderr } = await run(['check', 'rules', 'bad.yaml', 'good.yaml']);
    expect(code).toBe(1);
    expect(stdout).toBe('Checking bad.yaml\n\nChecking good.yaml\n  SUCCESS: 2 pipelines found\n\n');
    expect(stderr).toMatch(/^ {2}FAILED:\nbad\.yaml: \d+:\d+: /);
  });

  test('without a file it reads standard input', async () => {
    expect(await run(['check', 'rules'], GOOD)).toMatchObject({
      code: 0,
      stdout: 'Checking standard input\n  SUCCESS: 2 pipelines found\n\n',
    });
  });

  test('a name in two files, and a file that is not there', async () => {
    await writeFile(join(dir, 'a.yaml'), GOOD);
    await writeFile(join(dir, 'b.yaml'), GOOD);
    const { code, stderr } = await run(['check', 'rules', 'a.yaml', 'b.yaml', 'none.yaml']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/b\.yaml: 4:16: group "g", pipeline 1, "a": .*a\.yaml:4/);
    expect(stderr).toMatch(/none\.yaml: 1:1: .*no such file/);
  });
});

describe('check config', () => {
  test('checks the rule files it names, with the data sources it has', async () => {
    await writeFile(join(dir, 'c.yaml'), `${SOURCE}rule_files: [r.yaml]\n`);
    await writeFile(join(dir, 'r.yaml'), GOOD);
    expect(await run(['check', 'config', 'c.yaml'])).toMatchObject({ code: 0, stderr: '' });
    await writeFile(join(dir, 'r.yaml'), GOOD.replace('query: up', 'query: up, datasource: other'));
    const { code, stderr } = await run(['check', 'config', 'c.yaml']);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no data source "other"');
  });

  test('bad settings', async () => {
    await writeFile(join(dir, 'c.yaml'), `${SOURCE}log: {level: loud}\n`);
    const { code, stderr } = await run(['check', 'config', 'c.yaml']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {2}FAILED:\nc\.yaml: 2:14: /);
  });
});

describe('generate', () => {
  test.each(['rules', 'settings'])('schema %s is JSON Schema', async (which) => {
    const { code, stdout } = await run(['generate', 'schema', which]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object', additionalProperties: false });
  });

  test('an unknown schema is an error', async () => {
    expect(await run(['generate', 'schema', 'x'])).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('healthcheck', () => {
  test('answers 0 for a healthy process and 1 for none or an unhealthy one', async () => {
    let status = 200;
    const server = createServer((_, response) => response.writeHead(status).end('OpenAnomaly is Healthy.\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await run(['healthcheck', '--url', url])).toMatchObject({ code: 0, stdout: 'OpenAnomaly is Healthy.\n' });
    status = 503;
    expect((await run(['healthcheck', '--url', `${url}/`])).stderr).toContain('answered 503');
    await new Promise((resolve) => server.close(resolve));
    expect(await run(['healthcheck', '--url', url])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did not answer'),
    });
  });
});

describe('the command line', () => {
  test('--version and --help', async () => {
    expect((await run(['--version'])).stdout).toMatch(/^openanomaly \d+\.\d+\.\d+ /);
    expect((await run(['--help'])).stdout).toContain('openanomaly serve --help');
    expect((await run(['serve', '--help'])).stdout).toContain('--web.listen-address');
  });

  test.each([[['srve']], [['check', 'rulez']], [['serve', '--web.port=1']]])('%j is refused', async (argv) => {
    const { code, stderr } = await run(argv);
    expect(code).not.toBe(0);
    expect(stderr).toContain('error:');
  });

  test('serve with a settings file that is missing or bad ends with 1 and says why', async () => {
    expect(await run(['serve', '--config.file=none.yaml'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('name another with --config.file'),
    });
    await writeFile(join(dir, 'c.yaml'), `${SOURCE}rule_files: [r.yaml]\n`);
    await writeFile(join(dir, 'r.yaml'), BAD);
    const { code, stderr } = await run(['--config.file=c.yaml']);
    expect(code).toBe(1);
    expect(stderr).toContain('r.yaml');
  });
});
