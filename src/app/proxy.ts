import type { Receive } from '../http/receive.ts';
import type { Forwarder } from '../ports/forwarder.ts';
import type { SampleStreams } from '../ports/sample-streams.ts';
import type { ProxySettings } from '../settings/settings.ts';

export interface ProxyOptions {
  readonly receive: Receive;
  readonly openForwarder: (settings: ProxySettings) => Forwarder;
  readonly look: SampleStreams['look'];
  /** The first receiver is there: self-metrics begin. */
  readonly start: () => void;
}

/** The proxy as the settings say it. A change lets requests under way end where they began. */
export class WriteProxy implements AsyncDisposable {
  readonly #options: ProxyOptions;
  #current: { readonly settings: string; readonly forwarder: Forwarder } | undefined;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  replace(settings: ProxySettings | undefined): void {
    const text = JSON.stringify(settings);
    if (text === this.#current?.settings || (settings === undefined && this.#current === undefined)) return;
    const before = this.#current;
    this.#current = settings && { settings: text, forwarder: this.#options.openForwarder(settings) };
    const { receive, look, start } = this.#options;
    if (settings !== undefined) start();
    receive.use(
      settings && { path: settings.path, limits: settings.limits, forwarder: this.#current!.forwarder, look },
    );
    // Its last request may take as long as the receiver may; nobody waits for that.
    if (before !== undefined)
      this.#closing = Promise.all([this.#closing, Promise.resolve(before.forwarder[Symbol.asyncDispose]())]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.replace(undefined);
    await this.#closing;
  }
}
