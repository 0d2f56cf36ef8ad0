import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateAlerts } from '../../src/cli/generate-alerts.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openanomaly-cli-alerts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(settings: string, rules: string, runbookBase?: string) {
  await writeFile(join(folder, 'openanomaly.yaml'), settings);
  await writeFile(join(folder, 'rules.yaml'), rules);
  let stdout = '';
  let stderr = '';
  const code = await generateAlerts(
    { configFile: 'openanomaly.yaml', runbookBase },
    {
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      stdin: async () => '',
      environment: {},
      cwd: folder,
      isTerminal: false,
    },
  );
  return { code, stdout, stderr };
}

const SETTINGS = `
datasources: {default: {type: simulated}}
rule_files: [rules.yaml]
metric_prefix: shop_oa
server: {external_url: 'https://oa.example.org/'}
`;

describe('generate alerts', () => {
  it('prints the alerts of the loaded pipelines, with prefix and link, and nothing else', async () => {
    const { code, stdout, stderr } = await run(SETTINGS, 'pipelines: [{name: errors, query: shop_errors_per_second}]');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('shop_oa_anomaly{pipeline="errors"}');
    expect(stdout).toContain('openanomaly_url: https://oa.example.org/');
  });

  it('links the runbooks where they are kept', async () => {
    const rules = 'pipelines: [{name: errors, query: shop_errors_per_second}]';
    expect((await run(SETTINGS, rules)).stdout).toContain('runbook_url: docs/runbooks/OpenAnomalyNoData.md');
    const elsewhere = await run(SETTINGS, rules, 'https://wiki.example.org/oa/');
    expect(elsewhere.stdout).toContain('runbook_url: https://wiki.example.org/oa/OpenAnomalyNoData.md');
  });

  it('prints no half of it when a rule file has problems', async () => {
    const { code, stdout, stderr } = await run(SETTINGS, 'pipelines: [{name: errors, query: "sum(("}]');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('rules.yaml');
  });
});
