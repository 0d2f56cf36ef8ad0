import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileConfigStore } from '../../../src/adapters/config-store/files.ts';
import { glob } from '../../../src/adapters/config-store/glob.ts';
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

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(dir, path, '..'), { recursive: true });
  await writeFile(join(dir, path), text);
}

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

  test('says nothing when only the time of a file changed', async () => {
    await write('a.yaml', rules('a'));
    await using store = open('*.yaml');
    await store.load();
    const { next, count } = changes(store);
    await write('a.yaml', rules('a'));
    const change = next();
    await write('b.yaml', rules('b'));
    await change;
    expect(count()).toBe(1);
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
  ])('%s', async (pattern, expected) => {
    for (const path of ['a.yaml', 'b.yaml', 'a.yml', '.hidden.yaml', 'deep/er/c.yaml', 'deep/er/c.txt'])
      await write(path, '');
    expect((await glob(join(dir, pattern))).files).toEqual(expected.map((path) => join(dir, path)));
  });
});
