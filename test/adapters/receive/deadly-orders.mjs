import { parentPort } from 'node:worker_threads';

parentPort.on('message', (message) => {
  if (message.kind === 'request' && message.body[0] === 255) process.exit(3);
});
