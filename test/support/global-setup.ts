import { buildModernServers } from './modern.ts';
import { isModern } from './programs.ts';
import { createRunDir, removeAbandonedRunDirs, removeRunDir } from './run-dir.ts';
import { installStockServers } from './stock.ts';

/** Runs once before the server suites; what it returns runs after them, however they ended. */
export default async function setUp(): Promise<() => void> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  installStockServers(say);
  if (isModern()) await buildModernServers(say);
  removeAbandonedRunDirs();
  const dir = createRunDir();
  // Ctrl-C ends the process without the set-up's end; a plain kill would even skip the exit hook.
  process.once('exit', () => removeRunDir(dir));
  process.once('SIGTERM', () => process.exit(143));
  return () => removeRunDir(dir);
}
