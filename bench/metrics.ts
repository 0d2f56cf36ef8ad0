import { type ChildProcess, fork } from 'node:child_process';
import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Order, Reply } from './support/page-child.ts';
import { LINES } from './support/page-shape.ts';
import { residentBytes } from './support/process-stats.ts';
import { type Bench, quantile, type Suite } from './support/suite.ts';

const ROUNDS = 15;
/** Enough for a 99th percentile that is not the worst one; the alternative is slow and gets fewer. */
const SCRAPES = 150;
const SCRAPES_OF_ALTERNATIVE = 40;
const BETWEEN_SCRAPES_MS = 20;
/** What the sidecar promises for a page of 100,000 lines, however busy it is. */
const AIM_MS = 50;
/** As for everything on the thread that serves. */
const LONGEST_BLOCK_MS = 20;

type Timing = Extract<Reply, { ms: number }>;

/** A child process that publishes and serves the lines. */
class Server {
  readonly #child: ChildProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(kind: 'ours' | 'prom-client'): Promise<Server> {
    const path = fileURLToPath(new URL('support/page-child.js', import.meta.url));
    const child = fork(path, [kind], { execArgv: ['--expose-gc'] });
    const reply = await nextReply(child);
    if (!('port' in reply)) throw new Error('the child did not say where it listens');
    return new Server(child, reply.port);
  }

  async tell(kind: Order['kind']): Promise<Timing> {
    const reply = nextReply(this.#child);
    this.#child.send({ kind });
    return (await reply) as Timing;
  }

  async medianOf(kind: Order['kind']): Promise<Timing> {
    const timings: Timing[] = [];
    for (let round = -3; round < ROUNDS; round++) {
      const timing = await this.tell(kind);
      if (round >= 0) timings.push(timing);
    }
    return {
      ms: quantile(
        timings.map(({ ms }) => ms),
        0.5,
      ),
      longestBlockMs: Math.max(...timings.map(({ longestBlockMs }) => longestBlockMs)),
    };
  }

  async residentMiB(): Promise<number> {
    await this.tell('collect');
    return residentBytes(this.#child.pid!) / 2 ** 20;
  }

  /** Milliseconds from the request to the last byte of the body, over one kept connection. */
  async scrape(headers: Readonly<Record<string, string>>): Promise<number> {
    const start = performance.now();
    await new Promise<void>((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.port, path: '/metrics', agent: this.#agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
        response.resume().once('end', resolve).once('error', reject);
      }).once('error', reject);
    });
    return performance.now() - start;
  }

  async scrapes(count: number, headers: Readonly<Record<string, string>> = {}): Promise<{ p50: number; p99: number }> {
    const times: number[] = [];
    for (let i = -5; i < count; i++) {
      const time = await this.scrape(headers);
      if (i >= 0) times.push(time);
      await delay(BETWEEN_SCRAPES_MS);
    }
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  }

  stop(): void {
    this.#agent.destroy();
    if (this.#child.connected) this.#child.disconnect();
  }
}

function nextReply(child: ChildProcess): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the child ended with code ${code}`));
    child.once('exit', ended);
    child.once('message', (reply: Reply) => {
      child.off('exit', ended);
      resolve(reply);
    });
  });
}

type Times = Awaited<ReturnType<Server['scrapes']>>;

/** What scrapers ask for; Prometheus always asks for the last. */
const WAYS = {
  text: {},
  'OpenMetrics, gzip': {
    accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5',
    'accept-encoding': 'gzip',
  },
} as const;

/** The metrics page at 100,000 lines, against prom-client with the same gauges. */
export const suite: Suite = {
  async run(bench) {
    const ours = await Server.start('ours');
    const theirs = await Server.start('prom-client');
    try {
      await measureInside(bench, ours, theirs);
      await measureScrapes(bench, 'idle', ours, theirs);
      // The two loads come one after the other, or each would slow the other's scrapes.
      await measureScrapes(bench, 'while forecasting', ours, theirs, async (server) => {
        await server.tell('load');
        return () => server.stop();
      });
    } finally {
      ours.stop();
      theirs.stop();
    }
  },
};

async function measureInside(bench: Bench, ours: Server, theirs: Server): Promise<void> {
  const lines = `${Math.round(LINES / 1000)}k lines`;
  bench.progress('publishing with prom-client');
  const theirPublish = await theirs.medianOf('publish');
  bench.progress('publishing with ours');
  const ourPublish = await ours.medianOf('publish');
  bench.add({ name: `publish ${lines}`, value: ourPublish.ms, unit: 'ms', baseline: theirPublish.ms });
  bench.add({
    name: `publish ${lines}, longest block`,
    value: ourPublish.longestBlockMs,
    unit: 'ms',
    baseline: theirPublish.longestBlockMs,
    aim: { of: 'value', atMost: LONGEST_BLOCK_MS },
  });
  bench.progress('making the page');
  const [ourPage, theirPage] = [await ours.medianOf('page'), await theirs.medianOf('page')];
  const aim = { of: 'value', atMost: AIM_MS } as const;
  bench.add({ name: `page of ${lines}`, value: ourPage.ms, unit: 'ms', baseline: theirPage.ms, aim });
  const [ourMemory, theirMemory] = [await ours.residentMiB(), await theirs.residentMiB()];
  bench.add({ name: `resident with ${lines}`, value: ourMemory, unit: 'MiB', baseline: theirMemory });
}

/** @param prepare makes a server ready for its turn; answers what ends its turn */
async function measureScrapes(
  bench: Bench,
  when: string,
  ours: Server,
  theirs: Server,
  prepare: (server: Server) => Promise<() => void> = async () => () => {},
): Promise<void> {
  const finishOurs = await prepare(ours);
  const times = new Map<string, Times>();
  for (const [way, headers] of Object.entries(WAYS)) {
    bench.progress(`scraping ours ${when}, ${way}`);
    times.set(way, await ours.scrapes(SCRAPES, headers));
  }
  finishOurs();
  const finishTheirs = await prepare(theirs);
  bench.progress(`scraping prom-client ${when}`);
  const baseline = await theirs.scrapes(SCRAPES_OF_ALTERNATIVE);
  finishTheirs();
  for (const [way, time] of times)
    for (const percentile of ['p50', 'p99'] as const)
      bench.add({
        name: `scrape ${when}, ${way}, ${percentile}`,
        value: time[percentile],
        unit: 'ms',
        baseline: baseline[percentile],
        aim: { of: 'value', atMost: AIM_MS },
      });
}
