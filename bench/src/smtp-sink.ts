import { createServer } from 'node:net';

/** Accepts every mail at once and forgets it: the fastest server there can be. Answers each message with how many it took. */
let taken = 0;
const server = createServer((socket) => {
  socket.setNoDelay(true);
  let isData = false;
  let text = '';
  socket.on('error', () => undefined);
  socket.write('220 sink\r\n');
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (;;) {
      const end = isData ? '\r\n.\r\n' : '\r\n';
      const at = text.indexOf(end);
      if (at < 0) return;
      const line = text.slice(0, at);
      text = text.slice(at + end.length);
      if (isData) {
        taken += 1;
        isData = false;
        socket.write('250 ok\r\n');
      } else if (/^data/i.test(line)) {
        isData = true;
        socket.write('354 go\r\n');
      } else if (/^ehlo/i.test(line)) socket.write('250-sink\r\n250 8BITMIME\r\n');
      else if (/^quit/i.test(line)) socket.end('221 bye\r\n');
      else socket.write('250 ok\r\n');
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  process.on('message', () => process.send?.({ port, taken }));
  process.send?.('ready');
});
process.once('disconnect', () => process.exit());
