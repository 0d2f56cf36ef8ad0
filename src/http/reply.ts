import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as UTF-8; without a content type of its own it is plain text. */
  readonly body: string | readonly Buffer[];
  /** Headers are those given and no others. */
  readonly verbatim?: true;
  /** Runs once the reply was sent to its last byte, or cannot be. */
  readonly afterwards?: () => void;
}

/** A line of plain text, as people read it with curl. */
export function plain(status: number, line: string, headers: Reply['headers'] = {}): Reply {
  return { status, body: line === '' ? '' : `${line}\n`, headers };
}

const NO_HEADERS = {};

/**
 * Sends a reply whole: its length is known before the first byte. HEAD gets the same without the body. The headers of
 * `all`, which every reply gets, win over its own.
 */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  all: Readonly<Record<string, string>> = NO_HEADERS,
): void {
  const pieces = typeof reply.body === 'string' ? [Buffer.from(reply.body)] : reply.body;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  // What the client may still send is of no interest, but must be read for the connection to be used again.
  request.resume();
  response.writeHead(reply.status, headersOf(reply, all, length));
  if (request.method !== 'HEAD') {
    // Corked, the pieces go to the system in one call instead of one each.
    response.cork();
    for (const piece of pieces) response.write(piece);
    response.uncork();
  }
  response.end();
}

function headersOf(reply: Reply, all: Readonly<Record<string, string>>, length: number): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  if (reply.verbatim !== true) {
    headers['X-Content-Type-Options'] = 'nosniff';
    if (length > 0) headers['Content-Type'] = 'text/plain; charset=utf-8';
  }
  Object.assign(headers, reply.headers, all);
  // An answer that can have no body must not tell its length either.
  if (reply.status !== 204 && reply.status !== 304) headers['Content-Length'] = length;
  return headers;
}
