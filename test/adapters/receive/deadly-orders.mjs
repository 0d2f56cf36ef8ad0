import { parentPort } from 'node:worker_threads';

parentPort.on('message', (message) => {
  if (message.kind === 'requests' && message.requests.some(({ body }) => body[0] === 255)) process.exit(3);
});
