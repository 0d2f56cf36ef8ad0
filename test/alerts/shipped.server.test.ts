import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { amtool, promtool } from '../support/servers.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

describe('rules/alerts', () => {
  it('are accepted, without a finding of the linter', async () => {
    const file = path('rules/alerts/openanomaly.rules.yaml');
    const { code, stdout, stderr } = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', file]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/SUCCESS: \d\d rules found/);
    expect(code).toBe(0);
  });

  it('do what their unit tests say', async () => {
    const tests = readdirSync(path('rules/alerts/tests')).map((name) => path(`rules/alerts/tests/${name}`));
    expect(tests.length).toBeGreaterThan(1);
    const { code, stdout, stderr } = await promtool(['test', 'rules', ...tests]);
    expect(`${stdout}${stderr}`).not.toContain('FAILED');
    expect(code).toBe(0);
  });
});

describe('config/alertmanager.example.yaml', () => {
  const file = path('config/alertmanager.example.yaml');

  it('is accepted', async () => {
    const { code, stdout } = await amtool(['check-config', file]);
    expect(stdout).toContain('SUCCESS');
    expect(code).toBe(0);
  });

  it.each([
    ['context', ['alertname=OpenAnomalySeriesAnomalous', 'severity=critical']],
    ['context', ['alertname=OpenAnomalySeriesStill', 'severity=info']],
    ['context', ['alertname=OpenAnomalyBandLeftFar', 'severity=warning']],
    ['context', ['alertname=OpenAnomalySeriesStill', 'severity=info']],
    ['context', ['alertname=OpenAnomalyGroupAnomalous', 'severity=warning']],
    ['context', ['alertname=OpenAnomalyLimitAhead', 'severity=warning']],
    ['nobody', ['alertname=OpenAnomalySeriesEnded', 'severity=info']],
    ['owners', ['alertname=OpenAnomalyConfigReloadFailed', 'severity=warning']],
    ['owners', ['alertname=OpenAnomalyProxyBehind', 'severity=warning']],
    ['pager', ['alertname=CheckoutDown', 'severity=critical']],
  ])('sends to %s: %j', async (receiver, labels) => {
    const { stdout } = await amtool(['config', 'routes', 'test', `--config.file=${file}`, ...labels]);
    expect(stdout.trim()).toBe(receiver);
  });
});
