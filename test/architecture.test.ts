import { describe, expect, it } from 'vitest';
import { importCycles, parseSource, readSourceFiles, type SourceFile } from './support/source-files.ts';

/**
 * Who may import whom: docs/architecture.md as a test. A part is a folder of src, or a file beside them; each adapter
 * folder is a part of its own, so that no port's adapters know another's. `type x` allows types of x only.
 */
const ADAPTER = [
  'adapters/glob',
  'adapters/low-priority',
  'adapters/http',
  'ports',
  'wire',
  'series',
  'forecast',
  'rules',
  'errors',
  'type settings',
  'type telemetry',
];
const EVERYTHING = ['*'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  series: ['errors'],
  document: ['series', 'errors', 'type rules'],
  forecast: ['series', 'errors'],
  rules: ['document', 'forecast', 'series', 'errors'],
  score: ['forecast', 'series', 'errors', 'type rules'],
  ports: ['type series', 'type forecast', 'type rules'],
  wire: ['series', 'forecast', 'errors', 'type ports'],
  evaluate: ['series', 'forecast', 'score', 'rules', 'ports', 'errors', 'type telemetry'],
  'adapters/config-store': [...ADAPTER, 'document'],
  'adapters/event-log': ADAPTER,
  'adapters/glob': [],
  'adapters/low-priority': [],
  'adapters/http': ['errors', 'type ports', 'type settings'],
  'adapters/logger': ['type ports'],
  'adapters/model': ADAPTER,
  'adapters/publisher': ADAPTER,
  // Talks to the receiver behind the proxy; the server side of it is in http.
  'adapters/receive': ADAPTER,
  'adapters/registry': [...ADAPTER, 'adapters/*'],
  'adapters/scheduler': ADAPTER,
  'adapters/state-store': ADAPTER,
  'adapters/tsdb': ADAPTER,
  http: ['type evaluate', 'document', 'rules', 'series', 'ports', 'wire', 'telemetry', 'errors', 'type settings'],
  settings: ['document', 'series', 'rules', 'errors'],
  telemetry: [],
  app: EVERYTHING,
  cli: ['app', 'document', 'rules', 'settings', 'adapters/logger', 'errors'],
  main: ['cli'],
};

/** Parts that only these may import, whatever the table says of everything. */
const IMPORTED_ONLY_BY: Readonly<Record<string, readonly string[]>> = {
  'adapters/registry': ['app'],
  cli: ['main'],
  main: [],
  app: ['cli'],
};

/** Packages that are the affair of one part. */
const PACKAGE_OF: Readonly<Record<string, readonly string[]>> = {
  undici: ['adapters/http'],
  fastify: ['http'],
  'prom-client': ['telemetry'],
  commander: ['cli'],
  'onnxruntime-node': ['adapters/model'],
  yaml: ['document'],
  'node-cron': ['adapters/scheduler', 'rules'],
};

/** Time and randomness come in as arguments here, and nothing is read or written. */
const PURE = ['series', 'document', 'forecast', 'score', 'rules', 'evaluate'];
const IMPURE =
  /\bprocess\b(?!:)|\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\s*\(|\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\b|\bAbortSignal\.timeout\b|\bconsole\b/;

const SIZE_LIMIT = 400;

const files = readSourceFiles('src');

function partOf(path: string): string {
  const [first = '', second = ''] = path.replace(/^src\//, '').split('/');
  return (first === 'adapters' ? `${first}/${second}` : first).replace(/\.ts$/, '');
}

function isAllowed(from: string, to: string, typeOnly: boolean): boolean {
  if (from === to) return true;
  const only = IMPORTED_ONLY_BY[to];
  if (only !== undefined && !only.includes(from)) return false;
  return (MAY_IMPORT[from] ?? []).some(
    (entry) =>
      entry === '*' ||
      entry === to ||
      (entry.endsWith('/*') && to.startsWith(entry.slice(0, -1))) ||
      (typeOnly && entry === `type ${to}`),
  );
}

function wrongImports(sources: readonly SourceFile[]): string[] {
  return sources.flatMap((file) => {
    const from = partOf(file.path);
    return file.imports.flatMap(({ target, typeOnly }) => {
      if (!target.startsWith('src/')) {
        const owners = PACKAGE_OF[target];
        if (owners === undefined || owners.includes(from) || typeOnly) return [];
        return [`${file.path} imports ${target}, which belongs to ${owners.join(' and ')}`];
      }
      if (isAllowed(from, partOf(target), typeOnly)) return [];
      return [`${file.path} imports ${typeOnly ? 'types of ' : ''}${target}`];
    });
  });
}

function impurities(sources: readonly SourceFile[]): string[] {
  return sources
    .filter((file) => PURE.includes(partOf(file.path)))
    .flatMap((file) => {
      const word = file.code.match(IMPURE)?.[0];
      const node = file.imports.find(({ target, typeOnly }) => target.startsWith('node:') && !typeOnly);
      return [word, node?.target].filter((found) => found !== undefined).map((found) => `${file.path}: ${found}`);
    });
}

describe('architecture', () => {
  it('was checked on all files', () => {
    expect(files.length).toBeGreaterThan(80);
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(2 * files.length);
    expect([...new Set(files.map((file) => partOf(file.path)))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  it('lets every part import only what the table says', () => {
    expect(wrongImports(files)).toEqual([]);
  });

  it('has no circles', () => {
    expect(importCycles(files)).toEqual([]);
  });

  it('keeps time, chance, processes and the network out of the domain', () => {
    expect(impurities(files)).toEqual([]);
  });

  it(`keeps files below ${SIZE_LIMIT} lines, tests and benches too`, () => {
    const all = [...files, ...readSourceFiles('test'), ...readSourceFiles('bench')];
    expect(all.filter((file) => file.lines > SIZE_LIMIT).map((file) => `${file.path}: ${file.lines}`)).toEqual([]);
  });
});

describe('the checks themselves', () => {
  const source = (path: string, text: string) => parseSource(path, text);

  it.each([
    ['src/series/a.ts', "import { b } from '../rules/b.ts';"],
    ['src/series/a.ts', "import {\n  b,\n  type C,\n} from '../rules/b.ts';"],
    ['src/ports/a.ts', "import { b } from '../series/b.ts';"],
    ['src/score/a.ts', "export * from '../rules/b.ts';"],
    ['src/adapters/tsdb/a.ts', "import type { B } from '../publisher/b.ts';"],
    ['src/evaluate/a.ts', "const b = await import('../adapters/http.ts');"],
    ['src/http/a.ts', "import '../adapters/registry.ts';"],
    ['src/app/a.ts', "import { cli } from '../cli/cli.ts';"],
    ['src/wire/a.ts', "import { request } from 'undici';"],
  ])('find a wrong import in %s: %s', (path, text) => {
    expect(wrongImports([source(path, text)])).toHaveLength(1);
  });

  it.each([
    ['src/ports/a.ts', "import type { B } from '../series/b.ts';"],
    ['src/score/a.ts', "import { type B } from '../rules/b.ts';"],
    ['src/series/a.ts', "// import { b } from '../rules/b.ts';"],
    ['src/app/a.ts', "import { b } from '../adapters/registry.ts';"],
  ])('let a right one pass in %s: %s', (path, text) => {
    expect(wrongImports([source(path, text)])).toEqual([]);
  });

  it.each([
    'Date.now()',
    'setTimeout(f, 1)',
    'process.env',
    `\`\${Math.random()}\``,
    "import 'node:fs';",
    'new Date()',
  ])('find %s in the domain', (text) => {
    expect(impurities([source('src/series/a.ts', text)])).toHaveLength(1);
    expect(impurities([source('src/adapters/tsdb/a.ts', text)])).toEqual([]);
  });

  it('do not take words in comments and strings for code', () => {
    const text = "/* Date.now() */ const a = 'the process';\n// performance\nnew Date(timeMs);";
    expect(impurities([source('src/series/a.ts', text)])).toEqual([]);
  });

  it('find a circle', () => {
    const circle = [
      source('src/series/a.ts', "import { b } from './b.ts';"),
      source('src/series/b.ts', "import type { A } from './a.ts';"),
    ];
    expect(importCycles(circle)).toEqual([['src/series/a.ts', 'src/series/b.ts', 'src/series/a.ts']]);
  });
});
