#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runCommandLine } from './cli/program.ts';
import type { Signals } from './cli/serve.ts';

// What is young here is a megabyte or two: several threads that collect it together wait for each other most of the
// time, and take processor time from the server beside us (a seventh of ours where requests pass through).
setFlagsFromString('--no-parallel-scavenge');

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
