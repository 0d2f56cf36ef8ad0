import type { IncomingMessage } from 'node:http';

/** Room for what is under way: requests and the bytes of their bodies. */
export interface InFlightLimits {
  readonly bodyBytes: number;
  readonly requestsInFlight: number;
  readonly bytesInFlight: number;
}

/** Why a request was not taken in. */
export type Refusal = 'too_large' | 'too_many_requests' | 'too_many_bytes' | 'hung_up';

/** Counts what is under way. What does not fit is refused before it is read, so that nothing waits without a bound. */
export class InFlight {
  #requests = 0;
  #bytes = 0;

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a request in, until its ticket is given back; a refusal when there is no room. */
  enter(limits: InFlightLimits): Ticket | Refusal {
    if (this.#requests >= limits.requestsInFlight) return 'too_many_requests';
    this.#requests++;
    let held = 0;
    return {
      grow: (bytes) => {
        if (held + bytes > limits.bodyBytes) return 'too_large';
        if (this.#bytes + bytes > limits.bytesInFlight) return 'too_many_bytes';
        held += bytes;
        this.#bytes += bytes;
        return undefined;
      },
      leave: () => {
        this.#requests--;
        this.#bytes -= held;
        held = 0;
      },
    };
  }
}

export interface Ticket {
  /** Makes room for so many bytes more; a refusal when there is none. */
  grow(bytes: number): Refusal | undefined;
  leave(): void;
}

/** The whole body of a request, or why there is none. Room for a length that is told is made before a byte is read. */
export function receiveBody(request: IncomingMessage, ticket: Ticket): Promise<Buffer | Refusal> {
  const told = Number(request.headers['content-length'] ?? Number.NaN);
  const isTold = Number.isSafeInteger(told);
  const refusal = isTold ? ticket.grow(told) : undefined;
  if (refusal !== undefined) return Promise.resolve(refusal);
  const pieces: Buffer[] = [];
  return new Promise((resolve) => {
    let isRefused = false;
    // Listeners of our own in the place of an async iterator, which takes as long as the rest of this.
    request.on('data', (piece: Buffer) => {
      // The rest of what was refused is read and thrown away: the answer goes over the same connection.
      if (isRefused) return;
      const refused = isTold ? undefined : ticket.grow(piece.length);
      if (refused === undefined) pieces.push(piece);
      else {
        isRefused = true;
        resolve(refused);
      }
    });
    request.once('end', () => resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)));
    // The sender went away in the middle; nobody is there to be told. After the end these come too late to matter.
    request.on('error', () => resolve('hung_up'));
    request.once('close', () => resolve('hung_up'));
  });
}
