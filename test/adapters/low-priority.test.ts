import { execFileSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { expect, it } from 'vitest';
import { LOW_PRIORITY } from '../../src/adapters/low-priority.ts';

const CODE = `
  import { getPriority } from 'node:os';
  import { lowerPriority } from '${new URL('../../dist/adapters/low-priority.js', import.meta.url)}';
  lowerPriority();
  console.log(getPriority());
`;

/** Niceness after the call of a process that was started so much below us. */
function nicenessOf(added: number): number {
  const args = ['-n', String(added), process.execPath, '--input-type=module', '--eval', CODE];
  return Number(execFileSync('nice', args, { encoding: 'utf8' }));
}

it.runIf(process.platform === 'linux')('goes down to a low priority, and never up to it', () => {
  const own = getPriority();
  expect(nicenessOf(0)).toBe(Math.max(own, LOW_PRIORITY));
  expect(nicenessOf(15)).toBe(Math.min(own + 15, 19));
});
