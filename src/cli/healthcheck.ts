import type { CliIo } from './io.ts';

const TIMEOUT_MS = 5_000;

/** Asks a running process whether it is healthy; for container health checks that have no curl. Answers the exit code. */
export async function healthcheck(url: string, io: CliIo): Promise<number> {
  const target = `${url.replace(/\/$/, '')}/-/healthy`;
  try {
    const answer = await fetch(target, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = (await answer.text()).trim();
    if (answer.ok) {
      io.stdout(`${text}\n`);
      return 0;
    }
    io.stderr(`openanomaly: error: ${target} answered ${answer.status}: ${text}\n`);
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    io.stderr(`openanomaly: error: ${target} did not answer: ${reason}\n`);
  }
  return 1;
}
