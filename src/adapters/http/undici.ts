import { createRequire } from 'node:module';
import type * as Undici from 'undici';

// The front door of undici also loads fetch, WebSocket, caches and mocks: 16 MB of resident memory against 7 for the
// pool alone. The package has no export map and its version is pinned, so the parts are loaded by path.
const load = createRequire(import.meta.url);

export type Dispatcher = Undici.Dispatcher;
export type ResponseBody = Undici.Dispatcher.ResponseData['body'];

export const Agent = load('undici/lib/dispatcher/agent.js') as typeof Undici.Agent;
export const ProxyAgent = load('undici/lib/dispatcher/proxy-agent.js') as typeof Undici.ProxyAgent;

const request = load('undici/lib/api/api-request.js') as (
  this: Dispatcher,
  options: Undici.Dispatcher.RequestOptions,
) => Promise<Undici.Dispatcher.ResponseData>;

// The tunnel of ProxyAgent is a method that the front door hangs on every dispatcher.
const { prototype } = load('undici/lib/dispatcher/dispatcher.js') as { readonly prototype: object };
Object.assign(prototype, { connect: load('undici/lib/api/api-connect.js') });

export interface OutgoingRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Uint8Array | undefined;
}

/** Resolves with the head of the answer; rejects as undici does, or with the reason of the signal. */
export function dispatch(
  dispatcher: Dispatcher,
  outgoing: OutgoingRequest,
  signal: AbortSignal,
): Promise<Undici.Dispatcher.ResponseData> {
  return request.call(dispatcher, { ...optionsOf(outgoing), signal });
}

export type AnswerHandler = Undici.Dispatcher.DispatchHandler;

/** The same without streams and promises: the handler is called as the answer comes in, or with the error. */
export function submit(dispatcher: Dispatcher, outgoing: OutgoingRequest, handler: AnswerHandler): void {
  dispatcher.dispatch(optionsOf(outgoing), handler);
}

function optionsOf({ url, method, headers, body }: OutgoingRequest): Undici.Dispatcher.DispatchOptions {
  const { origin, path } = placeOf(url);
  return {
    origin,
    path,
    method: method as Undici.Dispatcher.HttpMethod,
    headers,
    body: body ?? null,
  };
}

interface Place {
  readonly origin: string;
  readonly path: string;
}

/** Most requests go where others went, by the same URL; each of its parts is a new text otherwise. */
const places = new WeakMap<URL, Place>();

function placeOf(url: URL): Place {
  const known = places.get(url);
  if (known !== undefined) return known;
  const place = { origin: url.origin, path: `${url.pathname}${url.search}` };
  places.set(url, place);
  return place;
}
