import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child } from '../support/child.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const START_LIMIT_MS = 60_000;

export interface Process {
  readonly url: string;
  readonly child: Child;
  page(): Promise<string>;
  /** The value of the first line of the page that starts so; undefined without one. */
  value(lineStart: string): Promise<number | undefined>;
}

/** Starts the built program and waits until it is ready. */
export async function startOpenAnomaly(args: readonly string[], port: number): Promise<Process> {
  const child = await Child.start(process.execPath, [MAIN, ...args, `--web.listen-address=127.0.0.1:${port}`]);
  const url = `http://127.0.0.1:${port}`;
  const page = async () => (await fetch(`${url}/metrics`)).text();
  const limit = Date.now() + START_LIMIT_MS;
  while (!(await isReady(url))) {
    if (child.gone || Date.now() > limit) throw new Error(`openanomaly is not ready; it said:\n${child.log()}`);
    await delay(100);
  }
  return {
    url,
    child,
    page,
    value: async (lineStart) => {
      const line = (await page()).split('\n').find((text) => text.startsWith(lineStart));
      return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false;
  }
}

/** Asks again until the answer is not undefined; rejects with `what` and the last log when it never is. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  log: () => string = () => '',
): Promise<T> {
  const limit = Date.now() + 90_000;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (Date.now() > limit) throw new Error(`did not happen: ${what}\n${log().slice(-3000)}`);
    await delay(200);
  }
}

/** Answers of an instant query: labels and value of each series. */
export async function queryServer(
  url: string,
  query: string,
): Promise<{ labels: Record<string, string>; value: number }[]> {
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query })}`);
  const body = (await answer.json()) as {
    data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return (body.data?.result ?? []).map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}
