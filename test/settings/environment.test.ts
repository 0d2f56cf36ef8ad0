// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of settings files, not of templates.
import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/rules/problem.ts';
import { loadSettings } from '../../src/settings/load.ts';

const FILE = '/etc/openanomaly.yaml';

function load(text: string, environment: Record<string, string>) {
  const { settings, problems } = loadSettings(text, FILE, { environment, flags: {} });
  return { settings, problems: problems.map(formatProblem) };
}

const source = (keys: string) => `datasources:\n  default:\n    url: http://h\n    ${keys}\n`;

describe('variables of the environment', () => {
  test.each([
    ['${USER}', { USER: 'ada' }, 'ada'],
    ['a${USER}b${USER}', { USER: '-' }, 'a-b-'],
    ['"${USER}"', { USER: '"#: x' }, '"#: x'],
    ['${USER}', { USER: '{a: b}' }, '{a: b}'],
    ['${USER}', { USER: '12345' }, '12345'],
    ['${USER}', { USER: '${OTHER}' }, '${OTHER}'],
    ['$${USER}', { USER: 'ada' }, '${USER}'],
    ['$USER$$', { USER: 'ada' }, '$USER$$'],
    ['x${1}', {}, 'x${1}'],
  ])('%s with %j is %s', (text, environment, expected) => {
    const { settings, problems } = load(
      source(`basic_auth: {username: ${text.startsWith('"') ? text : `'${text}'`}}`),
      environment,
    );
    expect(problems).toEqual([]);
    expect(settings!.datasources['default']).toMatchObject({ http: { basicAuth: { username: { value: expected } } } });
  });

  test('become numbers and truth values where such are asked for', () => {
    const text = source('max_concurrent_queries: ${N}\n    follow_redirects: ${F}\n    timeout: ${T}');
    const { settings, problems } = load(text, { N: '7', F: 'false', T: '5s' });
    expect(problems).toEqual([]);
    expect(settings!.datasources['default']).toMatchObject({
      maxConcurrentQueries: 7,
      timeoutMs: 5_000,
      http: { followRedirects: false },
    });
  });

  test('that are not set, or are none, are problems at their value', () => {
    const text = source("basic_auth: {username: '${NOBODY}', password: '${a-b}'}\n    max_concurrent_queries: ${NONE}");
    expect(load(text, {}).problems).toEqual([
      `${FILE}: 4:28: datasources.default.basic_auth.username: the environment variable NOBODY is not set; set it, or write $\${NOBODY} for the text itself`,
      `${FILE}: 4:51: datasources.default.basic_auth.password: what follows "$" is no variable; write the name of one in the braces, or "$$" for a plain "$"`,
      `${FILE}: 5:29: datasources.default.max_concurrent_queries: the environment variable NONE is not set; set it, or write $\${NONE} for the text itself`,
    ]);
  });

  test('do not stand for keys', () => {
    expect(load('datasources:\n  ${NAME}: {type: simulated}\n', { NAME: 'x' }).settings!.datasources).toHaveProperty(
      '${NAME}',
    );
  });
});

describe('secrets do not appear in problems', () => {
  const SECRET = 'hunter2';
  test.each([
    ['a variable where a number is asked for', source('max_concurrent_queries: ${S}')],
    ['a variable where a word is asked for', `${source('')}log: {level: "\${S}"}\n`],
    ['a variable where a URL is asked for', 'datasources: {default: {url: "${S}"}}\n'],
    ['a variable as a duration', source('timeout: ${S}')],
    ['a variable where a list is asked for', `${source('')}rule_files: "\${S}"\n`],
    ['a URL with a password', 'datasources: {default: {url: "u:hunter2@h"}}\n'],
    ['a URL that is none', 'datasources: {default: {url: "http://u:hunter2@"}}\n'],
    ['a proxy with a password', source('proxy_url: u:hunter2@h')],
    ['a password that is no text', source('basic_auth: {password: [hunter2]}')],
    ['a header that is no text', source('headers: {X-A: {hunter2: 1}}').replace('hunter2: 1', 'a: hunter2')],
    ['YAML that is broken at the secret', source('basic_auth: {password: @hunter2}')],
    ['YAML that is broken after the secret', source('basic_auth: {password: "hunter2" x}')],
    ['a bad escape in the secret', source('basic_auth: {password: "\\hunter2"}')],
    ['a missing quote', source('basic_auth: {password: "hunter2}')],
    ['an unknown tag', source('basic_auth: {password: !x hunter2}')],
  ])('%s', (_, text) => {
    const { settings, problems } = load(text, { S: SECRET });
    expect(settings).toBeUndefined();
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain(SECRET);
  });
});
