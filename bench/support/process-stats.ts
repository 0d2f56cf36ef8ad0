import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The kernel's clock tick: USER_HZ is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;

/** CPU time that a process has used so far, all threads, user and system. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Resident memory of a process. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)?.[1]) * 1024;
}

/** Waits until a process has next to nothing to do, or for two minutes. */
export async function untilIdle(pid: number): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (let before = cpuMs(pid); performance.now() < deadline; ) {
    await delay(3000);
    const now = cpuMs(pid);
    if (now - before <= 60) return;
    before = now;
  }
}
