import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openanomaly-cli-dashboards-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const io = {
    stdout: (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
    stdin: async () => '',
    environment: {},
    cwd: folder,
    isTerminal: false,
  };
  const signals = { on: () => {}, off: () => {} };
  const code = await runCommandLine(['generate', 'dashboards', ...argv], io, signals as never);
  return { code, stdout, stderr };
}

const committed = (name: string) =>
  readFileSync(new URL(`../../grafana/dashboards/${name}.json`, import.meta.url), 'utf8');

describe('generate dashboards', () => {
  it('prints the one that is named', async () => {
    expect(await run('overview')).toEqual({ code: 0, stdout: committed('overview'), stderr: '' });
  });

  it('writes all of them into a folder, and says which', async () => {
    const { code, stdout, stderr } = await run('--output.dir', 'new/dashboards');
    expect(code).toBe(0);
    expect(stdout).toBe('');
    const files = readdirSync(join(folder, 'new', 'dashboards')).sort();
    expect(files).toEqual(['forecast.json', 'health.json', 'overview.json', 'pipeline.json']);
    expect(stderr.trim().split('\n')).toEqual(files.map((file) => join('new/dashboards', file)));
    expect(readFileSync(join(folder, 'new', 'dashboards', 'health.json'), 'utf8')).toBe(committed('health'));
  });

  it('follows the prefix of the settings, in published families only', async () => {
    writeFileSync(join(folder, 'rules.yaml'), 'pipelines: [{name: p, query: up}]');
    writeFileSync(
      join(folder, 'oa.yaml'),
      'datasources: {default: {type: simulated}}\nrule_files: [rules.yaml]\nmetric_prefix: shop_oa\n',
    );
    const { stdout } = await run('overview', '--config.file', 'oa.yaml');
    expect(stdout).toContain('shop_oa_score{');
    expect(stdout).toContain('label_values(shop_oa_score, pipeline)');
    expect(stdout).not.toMatch(/\bopenanomaly_(score|value|anomaly)\b/);
    const health = await run('health', '--config.file', 'oa.yaml');
    expect(health.stdout).toBe(committed('health'));
  });

  it.each([
    [['overviews'], 'there is no dashboard "overviews"; there are forecast, health, overview, pipeline'],
    [[], 'name one of forecast, health, overview, pipeline, or a folder'],
    [['overview', '--config.file', 'absent.yaml'], 'absent.yaml'],
  ])('says what is wrong with %j', async (argv, text) => {
    const { code, stdout, stderr } = await run(...argv);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(text);
  });
});
