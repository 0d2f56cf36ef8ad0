import { buildModernServers } from './modern.ts';
import { isModern } from './programs.ts';
import { createRunDir, removeRunDir } from './run-dir.ts';
import { installStockServers } from './stock.ts';

/** Runs once before the server suites; what it returns runs after them, however they ended. */
export default async function setUp(): Promise<() => void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  installStockServers(say);
  if (isModern()) await buildModernServers(say);
  const dir = createRunDir();
  return () => removeRunDir(dir);
}
