import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedModelsDir } from '../../../../src/adapters/model/onnx/model-files.ts';
import { ModelShelf } from '../../../../src/adapters/model/onnx/model-shelf.ts';
import { type OpenSession, onnxSessions } from '../../../../src/adapters/model/onnx/session.ts';

const MODEL = 'openanomaly-tiny';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'openanomaly-models-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** A copy of the shipped model, of which something is changed. */
async function copyOf(name: string, change: (copy: string) => Promise<void>): Promise<string> {
  const copy = join(dir, name);
  for (const ending of ['onnx', 'json']) {
    await cp(join(shippedModelsDir(), `${MODEL}.${ending}`), join(copy, `${MODEL}.${ending}`));
  }
  await change(copy);
  return copy;
}

async function changeManifest(copy: string, change: (manifest: Record<string, never>) => unknown): Promise<void> {
  const file = join(copy, `${MODEL}.json`);
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  change(manifest);
  await writeFile(file, JSON.stringify(manifest));
}

function changePooling(copy: string, change: object): Promise<void> {
  return changeManifest(copy, (manifest) => Object.assign(manifest['input']!['pooling'], change));
}

describe('model shelf', () => {
  it('opens the shipped model, once', async () => {
    let opened = 0;
    const open = onnxSessions();
    const openSession: OpenSession = (files) => {
      opened++;
      return open(files);
    };
    const shelf = new ModelShelf({ openSession });
    const [first, second] = await Promise.all([shelf.open(), shelf.openIfAvailable()]);
    expect(first).toBe(second);
    expect(opened).toBe(1);
    expect(shelf.problem).toBeUndefined();
    expect(first.manifest).toMatchObject({ id: MODEL, licence: 'Apache-2.0' });
  });

  it.each<[string, (copy: string) => Promise<void>, string]>([
    ['missing', (copy) => rm(join(copy, `${MODEL}.onnx`)), 'cannot be read'],
    ['without manifest', (copy) => rm(join(copy, `${MODEL}.json`)), 'cannot be read'],
    ['changed', (copy) => writeFile(join(copy, `${MODEL}.onnx`), 'other', { flag: 'a' }), 'not the one its manifest'],
    ['no json', (copy) => writeFile(join(copy, `${MODEL}.json`), '{'), 'it is no JSON object'],
    ['other levels', (copy) => changeManifest(copy, (m) => Object.assign(m['output']!, { levels: [0.5] })), 'levels'],
    [
      'other patch',
      (copy) => changeManifest(copy, (m) => Object.assign(m['input']!, { patch: 16 })),
      'patch must be 32',
    ],
    ['other output', (copy) => changeManifest(copy, (m) => Object.assign(m['output']!, { name: 'x' })), 'output "x"'],
    ['other tokens', (copy) => changeManifest(copy, (m) => Object.assign(m['input']!, { context_patches: 70 })), 'run'],
    ['other input', (copy) => changePooling(copy, { name: 'x' }), 'input "x"'],
    ['other pooling', (copy) => changePooling(copy, { merged: 5 }), 'pooling.merged must be a divisor'],
    ['no merging', (copy) => changePooling(copy, { merged: 0 }), 'pooling.merged must be a divisor'],
    [
      'too much pooling',
      (copy) => changePooling(copy, { patches: 40 }),
      'pooling.patches must be at most context_patches',
    ],
    ['less pooling', (copy) => changePooling(copy, { patches: 16 }), 'dimensions'],
  ])('says what is wrong with a model that is %s', async (name, change, said) => {
    const shelf = new ModelShelf({ dir: await copyOf(name, change) });
    await expect(shelf.open()).rejects.toMatchObject({ code: 'engine_unavailable' });
    expect(shelf.problem).toContain(said);
    expect(await shelf.openIfAvailable()).toBeUndefined();
  });

  it('says what to install where there is no runtime', async () => {
    const missing = new Error("Cannot find package 'onnxruntime-node'\nRequire stack:\n- somewhere");
    const shelf = new ModelShelf({ openSession: onnxSessions(() => Promise.reject(missing)) });
    await expect(shelf.open()).rejects.toMatchObject({ code: 'engine_unavailable', retryable: false });
    expect(shelf.problem).toContain('install the optional package onnxruntime-node');
    expect(shelf.problem).not.toContain('Require stack');
  });

  it('says what the runtime says of a file it cannot read', async () => {
    const copy = await copyOf('broken', async (path) => {
      await writeFile(join(path, `${MODEL}.onnx`), 'no model');
      const sha256 = createHash('sha256').update('no model').digest('hex');
      await changeManifest(path, (manifest) => Object.assign(manifest, { sha256 }));
    });
    const shelf = new ModelShelf({ dir: copy });
    await expect(shelf.open()).rejects.toMatchObject({ code: 'engine_unavailable' });
    expect(shelf.problem).toContain('the ONNX runtime cannot load model openanomaly-tiny');
  });
});
