import type { IncomingMessage } from 'node:http';
import { BadRequest } from './query-params.ts';

/** Requests of people are small. */
const MOST_BYTES = 65_536;

/**
 * The JSON object in the body of a request. Fails with BadRequest for anything else, and for another content type: a
 * form on a foreign web page can send neither this type nor this method unasked.
 */
export async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new BadRequest('the body must be JSON, with "Content-Type: application/json"');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new BadRequest(`the body is longer than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new BadRequest(`the body is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRequest('the body must be a JSON object');
  return value as Readonly<Record<string, unknown>>;
}
