import { parentPort } from 'node:worker_threads';
import { unpackRequests } from '../../../dist/adapters/receive/decode/packed-requests.js';

parentPort.on('message', (message) => {
  if (message.kind === 'packed' && unpackRequests(message).some(({ body }) => body[0] === 255)) process.exit(3);
});
