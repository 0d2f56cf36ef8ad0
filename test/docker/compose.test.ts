import { existsSync, readFileSync, statSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { packageVersion } from '../../src/cli/version.ts';
import { FAMILIES } from '../../src/ports/publisher.ts';
import { mountsOf, REPOSITORY, readCompose } from './compose-file.ts';

const compose = readCompose();
const services = Object.entries(compose.services);
interface GrafanaAlerts {
  readonly groups: [{ readonly rules: [{ readonly isPaused: boolean; readonly data: readonly GrafanaQuery[] }] }];
}

interface GrafanaQuery {
  readonly datasourceUid: string;
  readonly model: {
    readonly expr?: string;
    readonly conditions?: [{ readonly evaluator: { readonly type: string; readonly params: [number] } }];
  };
}

const inRepository = (path: string) => new URL(path, REPOSITORY);

describe('docker-compose.yml', () => {
  it('is what the Compose specification says', () => {
    const schema = JSON.parse(readFileSync(new URL('compose-spec.schema.json', import.meta.url), 'utf8')) as object;
    const validate = new Ajv2019({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    // The schema is older than the project's name at the top level.
    const { name, ...rest } = compose;
    expect(name).toMatch(/^[a-z]+$/);
    validate(rest);
    expect(validate.errors ?? []).toEqual([]);
    validate({ ...rest, services: { broken: { imagge: 'x' } } });
    expect(validate.errors ?? []).not.toEqual([]);
  });

  it('has the services of the issue, the big ones behind profiles', () => {
    const always = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    for (const name of ['prometheus', 'node-exporter', 'alertmanager', 'openanomaly', 'grafana'])
      expect(always).toContain(name);
    expect(compose.services['victoria-metrics']?.profiles).toEqual(['victoriametrics']);
    for (const name of ['edge-prometheus', 'openanomaly-proxy'])
      expect(compose.services[name]?.profiles).toEqual(['proxy']);
  });

  it.each(services)('%s is pinned, and has a health check', (_, { image, build, healthcheck }) => {
    expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
    if (build !== undefined) expect([build, image]).toEqual(['.', `openanomaly:${packageVersion()}`]);
    expect(healthcheck?.test[0]).toBe('CMD');
  });

  it.each(services)('%s takes nothing from the machine but files of the repository, to read', (_, service) => {
    for (const mount of mountsOf(service)) {
      if (mount.isBind) {
        expect(mount.source).not.toContain('..');
        expect(existsSync(inRepository(mount.source))).toBe(true);
        expect(mount.readOnly).toBe(true);
      } else {
        expect(Object.keys(compose.volumes)).toContain(mount.source);
      }
    }
  });

  it.each(services)('%s is reached from this machine only', (_, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('publishes no port twice', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []).map((port) => port.split(':')[1]);
    expect(new Set(ports).size).toBe(ports.length);
  });

  it.each(services)('%s waits only for services that are always there, or in its profile', (_, service) => {
    for (const name of Object.keys(service.depends_on ?? {})) {
      const { profiles = [] } = compose.services[name]!;
      for (const profile of profiles) expect(service.profiles).toContain(profile);
    }
  });

  it('runs OpenAnomaly as nobody, who can write nothing but its state', () => {
    const ours = services.filter(([, { build }]) => build !== undefined);
    expect(ours.length).toBeGreaterThan(2);
    for (const [, service] of ours) {
      expect(service.user).toBe('65532:65532');
      expect(service.read_only).toBe(true);
      expect(service.cap_drop).toEqual(['ALL']);
      expect(service.security_opt).toEqual(['no-new-privileges:true']);
    }
  });

  it.each(['victoria-metrics-scrape.yml', 'edge-prometheus.yml'])(
    'keeps what is pushed from being scraped as well: %s',
    (file) => {
      const scrape = parse(readFileSync(inRepository(`config/compose/${file}`), 'utf8')) as {
        scrape_configs: { metric_relabel_configs?: [{ regex: string }] }[];
      };
      const dropped = new RegExp(`^(?:${scrape.scrape_configs[1]!.metric_relabel_configs![0].regex})$`);
      for (const family of FAMILIES) expect(`openanomaly_${family}`).toMatch(dropped);
      expect('openanomaly_anomalies_open').not.toMatch(dropped);
    },
  );

  it('gives Grafana every variable that its provisioning files name', () => {
    const { environment = {} } = compose.services['grafana']!;
    const text = readFileSync(inRepository('grafana/provisioning/datasources/prometheus.yaml'), 'utf8');
    const names = [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]!);
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) expect(Object.keys(environment)).toContain(name);
  });

  it('shows Grafana the dashboards where its provider looks', () => {
    const mounts = mountsOf(compose.services['grafana']!);
    const provider = parse(readFileSync(inRepository('grafana/provisioning/dashboards/openanomaly.yaml'), 'utf8')) as {
      providers: [{ options: { path: string } }];
    };
    const dashboards = mounts.find(({ target }) => target === provider.providers[0].options.path);
    expect(dashboards?.source).toBe('./grafana/dashboards');
    const home = compose.services['grafana']!.environment!['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']!;
    expect(statSync(inRepository(home.replace(dashboards!.target, dashboards!.source))).isFile()).toBe(true);
  });
});

describe('provisioning of alerts', () => {
  it('asks for a data source that is provisioned, and keeps templates from Grafana’s environment', () => {
    const text = readFileSync(inRepository('grafana/provisioning/alerting/openanomaly.yaml'), 'utf8');
    const alerting = parse(text) as GrafanaAlerts;
    const sources = parse(readFileSync(inRepository('grafana/provisioning/datasources/prometheus.yaml'), 'utf8')) as {
      datasources: { uid: string }[];
    };
    const uids = [...sources.datasources.map(({ uid }) => uid), '__expr__'];
    for (const { datasourceUid } of alerting.groups[0].rules[0].data) expect(uids).toContain(datasourceUid);
    expect(alerting.groups[0].rules[0].isPaused).toBe(true);
    expect(text).not.toMatch(/[^$]\$[a-z]/);
  });

  it('asks what the warning of the rules for Prometheus asks', () => {
    const { groups } = parse(readFileSync(inRepository('rules/alerts/openanomaly.rules.yaml'), 'utf8')) as {
      groups: { rules: { alert?: string; expr: string; labels?: { severity?: string } }[] }[];
    };
    const warning = groups
      .flatMap(({ rules }) => rules)
      .find(({ alert, labels }) => alert === 'OpenAnomalySeriesAnomalous' && labels?.severity === 'warning');
    const text = readFileSync(inRepository('grafana/provisioning/alerting/openanomaly.yaml'), 'utf8');
    const [query, , threshold] = (parse(text) as GrafanaAlerts).groups[0].rules[0].data;
    // Counts are whole: Grafana knows no "at least".
    const above = threshold!.model.conditions![0].evaluator;
    expect(above.type).toBe('gt');
    expect(warning?.expr).toBe(`${query!.model.expr} >= ${above.params[0] + 1}`);
  });
});

describe('Dockerfile', () => {
  const text = readFileSync(inRepository('Dockerfile'), 'utf8');
  const instructions = text.split('\n').filter((line) => /^[A-Z]+ /.test(line));

  it('starts from a pinned slim glibc base and ends with the tree alone', () => {
    const bases = instructions.filter((line) => line.startsWith('FROM '));
    expect(bases).toEqual([expect.stringMatching(/^FROM node:\d+\.\d+\.\d+-bookworm-slim AS build$/), 'FROM scratch']);
    expect(text).toContain('docker/tree.sh /tree');
    expect(instructions).toContain('COPY --from=build /tree/ /');
  });

  it('runs as nobody, checked by our own command', () => {
    expect(instructions).toContain('USER 65532:65532');
    const check = /HEALTHCHECK[\s\S]*?CMD (\[.*\])/.exec(text)?.[1];
    expect(JSON.parse(check!)).toEqual(compose.services['openanomaly']?.healthcheck?.test.slice(1));
  });

  it('is given every file that the build needs', () => {
    const ignore = readFileSync(inRepository('.dockerignore'), 'utf8');
    const tree = readFileSync(inRepository('docker/tree.sh'), 'utf8');
    const needed = [
      ...(/^cp -R (.*) "\$program\/"$/m.exec(tree)?.[1]?.split(' ') ?? []),
      'models',
      'grafana/dashboards',
    ];
    for (const path of ['src', 'tsconfig.build.json', 'docker', ...needed.filter((name) => name !== 'dist')])
      expect(ignore).toContain(`\n!${path}\n`);
  });
});
