import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll } from 'vitest';

const closers: (() => unknown)[] = [];
afterAll(() => Promise.all(closers.map((close) => close())));

/** A real SMTP server on loopback that keeps what it was given, until the tests of the file end. */
export async function smtpServer(options: SMTPServerOptions = {}) {
  const recipients: string[] = [];
  const messages: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo({ address }, _session, done) {
      recipients.push(address);
      done();
    },
    onData(stream, _session, done) {
      text(stream).then((message) => {
        messages.push(message);
        done();
      }, done);
    },
    ...options,
  });
  // A client that refuses our certificate is what some tests are about.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  closers.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { recipients, messages, port: await portOf(server.server) };
}

/** An answer of the scripted server: a line, or no answer, or the end of the connection, or bytes without end. */
type Answer = string | 'stall' | 'drop' | 'drip';

/**
 * Follows SMTP (RFC 5321) but where the script says otherwise, by the first word of a command; `.` ends a message.
 * Several answers are given in turn on each connection, the last one from then on.
 */
export async function scriptedServer(script: Record<string, Answer | readonly Answer[]> = {}) {
  const answers: typeof script = { greeting: '220 mx.example.com', DATA: '354 go on', ...script };
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const asked = new Map<string, number>();
    let rest = '';
    let isMessage = false;
    const answer = (word: string) => {
      const turns = [answers[word] ?? '250 fine'].flat();
      const turn = asked.get(word) ?? 0;
      asked.set(word, turn + 1);
      const line = turns[turn] ?? turns.at(-1) ?? '';
      isMessage = word === 'DATA' && line.startsWith('3');
      if (line === 'drop') {
        socket.destroy();
      } else if (line === 'drip') {
        const timer = setInterval(() => socket.write('250-more\r\n'), 5);
        socket.once('close', () => clearInterval(timer));
      } else if (line !== 'stall') {
        socket.write(`${line}\r\n`);
      }
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (isMessage && line !== '.') continue;
        commands.push(line);
        server.emit('command');
        answer(line.split(' ')[0] ?? '');
      }
    });
    answer('greeting');
  });
  server.listen(0, '127.0.0.1');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const count = (word: string) => commands.filter((line) => line.split(' ')[0] === word).length;
  /** Resolves once the server had that command so often. */
  const had = async (word: string, times: number) => {
    while (count(word) < times) await once(server, 'command');
  };
  return { commands, count, had, sockets, port: await portOf(server) };
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  const port = await portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function portOf(server: Server): Promise<number> {
  if (!server.listening) await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
