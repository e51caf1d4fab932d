import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Takes every call of a webhook at once and forgets it. Answers each message with its URL and how many calls it took. */
let taken = 0;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    taken += 1;
    response.writeHead(204).end();
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({}));
process.on('message', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ url: `http://127.0.0.1:${port}/`, pid: process.pid, taken });
});
process.on('disconnect', () => process.exit(0));
