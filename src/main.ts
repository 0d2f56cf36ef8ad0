#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { runCommandLine } from './cli/program.ts';
import type { Signals } from './cli/serve.ts';

const reloads: (() => void)[] = [];
const signals: Signals = {
  stop: new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  }),
  onReload: (reload) => {
    reloads.push(reload);
  },
};
// Without a listener the signal would end the process, also while it is still starting.
process.on('SIGHUP', () => {
  for (const reload of reloads) reload();
});

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  {
    stdout: (output) => void process.stdout.write(output),
    stderr: (output) => void process.stderr.write(output),
    stdin: () => text(process.stdin),
    environment: process.env,
    cwd: process.cwd(),
    isTerminal: process.stderr.isTTY === true,
  },
  signals,
);
