import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileConfigStore } from '../../../src/adapters/config-store/files.ts';
import { glob } from '../../../src/adapters/glob.ts';
import { configStoreContract } from '../../contract/config-store.ts';
import { nullLogger } from '../../support/logger.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openanomaly-rules-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const rules = (name: string) => `groups:\n  - name: g\n    pipelines:\n      - {name: ${name}, query: up}\n`;
const open = (...patterns: string[]) =>
  openFileConfigStore({
    patterns: patterns.map((pattern) => join(dir, pattern)),
    datasources: ['default'],
    logger: nullLogger,
  });

/** By rename, so that no look between truncation and text sees a third content. */
async function write(path: string, text: string): Promise<void> {
  const file = join(dir, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

describe('the contract', () => {
  configStoreContract(async () => ({
    store: open('*.yaml'),
    write: (name, text) => write(`${name}.yaml`, text),
    remove: (name) => rm(join(dir, `${name}.yaml`)),
  }));
});

describe('load', () => {
  test('reads every file once, whatever patterns it stands behind', async () => {
    await write('a.yaml', rules('a'));
    await write('b.yaml', rules('b'));
    await using store = open('*.yaml', 'a.yaml');
    const { groups, problems } = await store.load();
    expect(problems).toEqual([]);
    expect(groups.groups.map(({ file, pipelines }) => [file, pipelines[0]!.name])).toEqual([
      [join(dir, 'a.yaml'), 'a'],
      [join(dir, 'b.yaml'), 'b'],
    ]);
  });

  test('a name that stands in two files is an error at the second place', async () => {
    await write('a.yaml', rules('same'));
    await write('b.yaml', rules('same'));
    await using store = open('*.yaml');
    const { problems } = await store.load();
    expect(problems).toMatchObject([
      { severity: 'error', file: join(dir, 'b.yaml'), line: 4, message: expect.stringContaining('a.yaml:4') },
    ]);
  });

  test('a pattern without a match is a warning, a named file that is missing an error', async () => {
    await using store = open('none-*.yaml', 'missing.yaml');
    const { problems } = await store.load();
    expect(problems.map(({ severity }) => severity)).toEqual(['warning', 'error']);
  });

  test('a file that is not UTF-8, and a folder, are errors', async () => {
    await writeFile(join(dir, 'a.yaml'), Uint8Array.from([0x61, 0xff]));
    await mkdir(join(dir, 'b.yaml'));
    await using store = open('a.yaml', 'b.yaml');
    const { problems } = await store.load();
    expect(problems).toMatchObject([
      { severity: 'error', file: join(dir, 'a.yaml'), message: 'the rule file cannot be read: it is not UTF-8' },
      { severity: 'error', file: join(dir, 'b.yaml'), message: expect.stringContaining('EISDIR') },
    ]);
  });

  test('problems of one file do not hide those of another', async () => {
    await write('a.yaml', 'groups: [{name: g, pipelines: [{name: x}]}]\n');
    await write('b.yaml', 'grups: []\n');
    await using store = open('*.yaml');
    const { problems } = await store.load();
    expect(new Set(problems.map(({ file }) => file))).toEqual(new Set([join(dir, 'a.yaml'), join(dir, 'b.yaml')]));
  });
});

describe('watch', () => {
  /** Resolves with the next change; the promise is made before the change is, so none is missed. */
  function changes(store: ReturnType<typeof open>) {
    const waiting: (() => void)[] = [];
    let count = 0;
    store.watch(() => {
      count++;
      waiting.shift()?.();
    });
    return { next: () => new Promise<void>((resolve) => waiting.push(resolve)), count: () => count };
  }

  test('tells a changed, a new and a removed file', async () => {
    await write('a.yaml', rules('a'));
    await using store = open('*.yaml');
    await store.load();
    const { next } = changes(store);
    let change = next();
    await write('a.yaml', rules('other'));
    await change;
    change = next();
    await write('b.yaml', rules('b'));
    await change;
    change = next();
    await rm(join(dir, 'b.yaml'));
    await change;
    expect((await store.load()).groups.groups.map(({ pipelines }) => pipelines[0]!.name)).toEqual(['other']);
  });

  test('survives the link swap of a ConfigMap, twice', async () => {
    const swap = async (version: string) => {
      await write(`..${version}/a.yaml`, rules(version));
      await symlink(`..${version}`, join(dir, '..data_tmp'));
      await rename(join(dir, '..data_tmp'), join(dir, '..data'));
    };
    await swap('v1');
    await symlink('..data/a.yaml', join(dir, 'a.yaml'));
    await using store = open('*.yaml');
    await store.load();
    const { next } = changes(store);
    for (const version of ['v2', 'v3']) {
      const change = next();
      await swap(version);
      await change;
      expect((await store.load()).groups.groups[0]!.pipelines[0]!.name).toBe(version);
    }
  });

  test('sees folders that appear later, and one that was removed and made again', async () => {
    await using store = open('later/on/*.yaml');
    await store.load();
    const { next } = changes(store);
    for (const name of ['a', 'b']) {
      let change = next();
      await write('later/on/a.yaml', rules(name));
      await change;
      change = next();
      await rm(join(dir, 'later'), { recursive: true });
      await change;
    }
    expect((await store.load()).problems).toMatchObject([{ severity: 'warning' }]);
  });

  test('sees a folder that was replaced by another one under its name', async () => {
    await write('live/a.yaml', rules('a'));
    await using store = open('live/*.yaml');
    await store.load();
    const { next } = changes(store);
    for (const name of ['b', 'c']) {
      let change = next();
      await write(`${name}/a.yaml`, rules(name));
      await rename(join(dir, 'live'), join(dir, `was-before-${name}`));
      await rename(join(dir, name), join(dir, 'live'));
      await change;
      change = next();
      await write('live/a.yaml', rules(`${name}${name}`));
      await change;
    }
    expect((await store.load()).groups.groups[0]!.pipelines[0]!.name).toBe('cc');
  });

  test('sees more files than rules, such as the settings', async () => {
    await write('conf/settings.yaml', 'a');
    await using store = openFileConfigStore({
      patterns: [join(dir, '*.yaml')],
      datasources: [],
      alsoWatch: [join(dir, 'conf/settings.yaml')],
      logger: nullLogger,
    });
    await store.load();
    const { next } = changes(store);
    const change = next();
    await write('conf/settings.yaml', 'b');
    await change;
  });

  test('a poll sees what no event told: a file reached by a link out of the folder', async () => {
    await write('elsewhere/a.yaml', rules('a'));
    await mkdir(join(dir, 'rules'));
    await symlink('../elsewhere/a.yaml', join(dir, 'rules/a.yaml'));
    await using store = openFileConfigStore({
      patterns: [join(dir, 'rules/*.yaml')],
      datasources: ['default'],
      logger: nullLogger,
      pollMs: 20,
    });
    await store.load();
    const { next } = changes(store);
    const change = next();
    await write('elsewhere/a.yaml', rules('b'));
    await change;
  });
});

describe('glob', () => {
  test.each([
    ['*.yaml', ['a.yaml', 'b.yaml']],
    ['[ab].yml', ['a.yml']],
    ['?.{yaml,yml}', ['a.yaml', 'a.yml', 'b.yaml']],
    ['**/*.yaml', ['a.yaml', 'b.yaml', 'deep/er/c.yaml']],
    ['[!a].yaml', ['b.yaml']],
    ['a.yaml', ['a.yaml']],
    ['*.json', []],
    ['{a,b}.yaml', ['a.yaml', 'b.yaml']],
    ['deep/**/c.yaml', ['deep/er/c.yaml']],
    ['*/*/c.*', ['deep/er/c.txt', 'deep/er/c.yaml']],
    ['.*.yaml', ['.hidden.yaml']],
    ['a.y?ml', ['a.yaml']],
    ['[z-a].yaml', []],
    ['nowhere/*.yaml', []],
  ])('%s', async (pattern, expected) => {
    for (const path of [
      'a.yaml',
      'b.yaml',
      'a.yml',
      '.hidden.yaml',
      'deep/er/c.yaml',
      'deep/er/c.txt',
      'deep/..v1/d.yaml',
    ])
      await write(path, '');
    expect((await glob(join(dir, pattern))).files).toEqual(expected.map((path) => join(dir, path)));
  });
});
