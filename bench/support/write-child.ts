import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * `receiver`: takes whatever is posted and answers 204. `copy URL`: the plainest proxy that Node makes, which copies
 * bytes both ways and looks at nothing. Tells its port to whoever forked it.
 */
export type WriteRole = 'receiver' | 'copy';

const [role, target = ''] = process.argv.slice(2) as [WriteRole, string?];

const server =
  role === 'receiver'
    ? createServer((message, response) => {
        message.resume();
        message.once('end', () => response.writeHead(204).end());
      })
    : createServer((message, response) => {
        const { host: _, connection: __, ...headers } = message.headers;
        const onward = request(target, { method: 'POST', headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        onward.once('error', () => response.destroy());
        message.pipe(onward);
      });

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit(0));
