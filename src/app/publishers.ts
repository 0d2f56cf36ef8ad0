import type { Evaluation, Publisher } from '../ports/publisher.ts';
import type { Labels } from '../series/labels.ts';
import type { RemoteWriteSettings } from '../settings/settings.ts';

/** A publisher that sends over the network: it needs a deadline to empty its queue, and says what it lost. */
export interface QueueingPublisher extends Publisher {
  close(deadlineMs: number): Promise<{ readonly lost: number }>;
}

/** An endpoint of the settings, and the pipelines whose results go there: all of them unless told. */
export type Destination = RemoteWriteSettings & { readonly only?: ReadonlySet<string> | undefined };

interface Endpoint {
  readonly settings: string;
  readonly publisher: QueueingPublisher;
  readonly only: ReadonlySet<string> | undefined;
}

/** Hands every evaluation to the page and to each remote-write endpoint; a reload replaces endpoints that changed. */
export class Publishers implements Publisher {
  readonly #page: Publisher;
  readonly #open: (settings: RemoteWriteSettings) => QueueingPublisher;
  #endpoints: readonly Endpoint[] = [];

  constructor(page: Publisher, open: (settings: RemoteWriteSettings) => QueueingPublisher) {
    this.#page = page;
    this.#open = open;
  }

  /**
   * Endpoints whose settings changed are closed before their successors open: two queues for one endpoint would send
   * their samples out of order, and would share a spool directory.
   */
  async replace(destinations: readonly Destination[], closeWithinMs: number): Promise<void> {
    const wanted = destinations.map(({ only, ...endpoint }) => ({ endpoint, only, text: JSON.stringify(endpoint) }));
    const stays = (known: Endpoint) => wanted.some(({ text }) => text === known.settings);
    const closing = this.#endpoints.filter((known) => !stays(known));
    const staying = this.#endpoints.filter(stays);
    this.#endpoints = staying;
    await Promise.all(closing.map(({ publisher }) => publisher.close(closeWithinMs)));
    this.#endpoints = wanted.map(({ endpoint, only, text }) => {
      const known = staying.find(({ settings }) => settings === text);
      return { settings: text, publisher: known?.publisher ?? this.#open(endpoint), only };
    });
  }

  /** The page first: an endpoint in trouble must not keep a scrape from what is known. */
  async publish(evaluation: Evaluation): Promise<void> {
    await this.#page.publish(evaluation);
    if (evaluation.isRepeated) return;
    for (const { publisher, only } of this.#endpoints)
      if (only?.has(evaluation.pipeline) !== false) await publisher.publish(evaluation);
  }

  remove(pipeline: string, ended: readonly Labels[], timestampMs: number): void {
    for (const { publisher, only } of this.#endpoints)
      if (only?.has(pipeline) !== false) publisher.remove(pipeline, ended, timestampMs);
    this.#page.remove(pipeline, ended, timestampMs);
  }

  /** Flushes every queue within the deadline; answers how many samples were lost. */
  async close(deadlineMs: number): Promise<{ readonly lost: number }> {
    const results = await Promise.all(this.#endpoints.map(({ publisher }) => publisher.close(deadlineMs)));
    return { lost: results.reduce((sum, { lost }) => sum + lost, 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
    await this.#page[Symbol.asyncDispose]();
  }
}
