import { DeskQueue, type Turn, type Waiting } from './desk-queue.ts';
import type { DeskReport, FromDesk, PassedRequest, ToDesk } from './messages.ts';
import { DecodeThread } from './thread.ts';

/** Messages that are with the thread at one time: the next one is there when it has finished, and few are lost with it. */
const AT_ONCE = 2;
/** Requests wait so long for others: waking a thread costs as much as looking at a hundred samples. */
const GATHER_MS = 50;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

export interface RestartingThreadOptions {
  readonly url: URL;
  readonly mostBytes: () => number;
  /** What a thread is told first, by the time it starts. */
  readonly greeting: () => ToDesk;
  readonly reported: (report: DeskReport) => void;
  /** Requests that nobody will look at. */
  readonly dropped: (count: number) => void;
  readonly died: (error: Error, pauseMs: number) => void;
}

/**
 * The thread that decodes, with the queue in front of it. One that dies is followed by another after a pause that
 * grows while they die young; requests that it had are lost, reads come again.
 */
export class RestartingThread {
  readonly #options: RestartingThreadOptions;
  readonly #queue: DeskQueue;
  #thread: DecodeThread | undefined;
  #startedMs = 0;
  #pauseMs = FIRST_PAUSE_MS;
  /** Whether the thread is to be told anew what it is told first. */
  #isGreetingDue = false;
  #gathering: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #closedFor: Error | undefined;

  constructor(options: RestartingThreadOptions) {
    this.#options = options;
    this.#queue = new DeskQueue(options.dropped);
    this.#start();
  }

  get queueBytes(): number {
    return this.#queue.bytes;
  }

  /** Tells the thread anew what it is told first. */
  greet(): void {
    this.#isGreetingDue = true;
    this.#dispatch();
  }

  look(request: PassedRequest): void {
    this.#queue.push({ request }, this.#options.mostBytes());
    if (this.#queue.isBatchFull) this.#dispatch();
    else this.#gathering ??= setTimeout(() => this.#dispatch(), GATHER_MS);
  }

  read(message: ToDesk): Promise<FromDesk> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ message, reader: { resolve, reject } }, Number.POSITIVE_INFINITY);
      this.#dispatch();
    });
  }

  /** Whoever reads is told `reason`. */
  async close(reason: Error): Promise<void> {
    this.#closedFor = reason;
    clearTimeout(this.#restart);
    clearTimeout(this.#gathering);
    for (const { reader } of this.#queue.drain()) reader?.reject(reason);
    await this.#thread?.terminate();
  }

  #start(): void {
    const thread = new DecodeThread(this.#options.url, (error) => this.#bury(error));
    this.#thread = thread;
    this.#startedMs = performance.now();
    this.greet();
  }

  #dispatch(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const thread = this.#thread;
    if (thread === undefined) return;
    while (thread.asked < AT_ONCE) {
      const next = this.#isGreetingDue ? { message: this.#options.greeting(), of: [] } : this.#queue.shift();
      this.#isGreetingDue = false;
      if (next === undefined) return;
      this.#send(thread, next);
    }
  }

  #send(thread: DecodeThread, { message, of }: Turn): void {
    thread.ask(message).then(
      (answer) => {
        for (const { reader } of of) reader?.resolve(answer);
        if (answer.kind === 'report') this.#options.reported(answer);
        if (this.#gathering === undefined) this.#dispatch();
      },
      () => this.#lose(of),
    );
  }

  /** A request may be what the thread died of; it does not come again. */
  #lose(waiting: readonly Waiting[]): void {
    const readers = waiting.filter(({ reader }) => reader !== undefined);
    if (this.#closedFor !== undefined) for (const { reader } of readers) reader?.reject(this.#closedFor);
    else {
      this.#queue.unshift(readers);
      if (readers.length < waiting.length) this.#options.dropped(waiting.length - readers.length);
    }
  }

  #bury(error: Error): void {
    this.#thread = undefined;
    const isYoung = performance.now() - this.#startedMs < LONGEST_PAUSE_MS;
    const pauseMs = isYoung ? this.#pauseMs : FIRST_PAUSE_MS;
    this.#pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    this.#options.died(error, pauseMs);
    this.#restart = setTimeout(() => this.#start(), pauseMs);
    this.#restart.unref();
  }
}
