import { expect, test } from 'vitest';
import type { ConfigStore } from '../../src/ports/config-store.ts';

export interface OpenedConfigStore {
  readonly store: ConfigStore;
  /** Puts the text of a rule file there under a name, in place of what was there. */
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

const rules = (...names: string[]) =>
  `groups:\n- name: g\n  pipelines:\n${names.map((name) => `  - {name: ${name}, query: up}\n`).join('')}`;

/** What every ConfigStore promises. `open` gives an empty one, whose data source is `default`. */
export function configStoreContract(open: () => Promise<OpenedConfigStore>): void {
  const namesIn = async (store: ConfigStore) => {
    const { groups, problems } = await store.load();
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    return groups.groups.flatMap(({ pipelines }) => pipelines.map(({ name }) => name)).sort();
  };

  test('is empty at first', async () => {
    const { store } = await open();
    await using _ = store;
    expect(await namesIn(store)).toEqual([]);
  });

  test('answers all pipelines there are now, at each load', async () => {
    const { store, write, remove } = await open();
    await using _ = store;
    await write('one', rules('a', 'b'));
    await write('two', rules('c'));
    expect(await namesIn(store)).toEqual(['a', 'b', 'c']);
    await write('one', rules('b'));
    await remove('two');
    expect(await namesIn(store)).toEqual(['b']);
  });

  test('answers problems as values, of everything that has some', async () => {
    const { store, write } = await open();
    await using _ = store;
    await write('one', 'groups: 1\n');
    await write('two', rules('a', 'a'));
    await write('three', 'pipelines: [{name: b, query: "sum("}]\n');
    const { problems } = await store.load();
    expect(new Set(problems.map(({ file }) => file)).size).toBe(3);
    for (const { severity, line, column } of problems) {
      expect(severity).toBe('error');
      expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
    }
  });

  test('tells when the content changed since the last load, once, and not when it is merely written again', async () => {
    const { store, write } = await open();
    await using _ = store;
    await write('one', rules('a'));
    await store.load();
    let count = 0;
    let told = () => {};
    const change = () =>
      new Promise<void>((resolve) => {
        told = resolve;
      });
    const first = change();
    store.watch(() => {
      count++;
      told();
    });
    await write('one', rules('a'));
    await write('two', rules('b'));
    await first;
    expect(count).toBe(1);
    const second = change();
    await write('one', rules('c'));
    await second;
    expect(count).toBe(2);
    expect(await namesIn(store)).toEqual(['b', 'c']);
  });

  test('tells a change between the load and the watch', async () => {
    const { store, write } = await open();
    await using _ = store;
    await store.load();
    await write('one', rules('a'));
    await new Promise<void>((resolve) => store.watch(resolve));
  });

  test('closes, twice if need be', async () => {
    const { store } = await open();
    await store.load();
    store.watch(() => {});
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
}
