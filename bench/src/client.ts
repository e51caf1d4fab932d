import { connect, type Socket } from 'node:net';
import { counter, type Load } from './figures.ts';

/** A request as it goes over the wire, and what is to happen with the answer. */
export type Shot = {
  readonly bytes: Buffer;
  /** The status that the answer must have; 200 unless given. */
  readonly status?: number;
  readonly done?: (answer: Answer) => void;
};
export type Answer = { readonly status: number; readonly head: string; readonly body: string };

const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKS_END = Buffer.from('0\r\n\r\n');

/** A connection that is kept alive and carries one request at a time, with as little work as that takes. */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    const fail = (error?: Error) => this.#waiting?.reject(error ?? new Error('connection closed'));
    socket.on('error', fail);
    socket.on('close', () => fail());
  }

  static async open(url: string): Promise<Connection> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Connection(socket);
  }

  send(bytes: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // A server closes a connection that nothing comes over for long.
      if (this.#socket.destroyed) reject(new Error('connection closed'));
      this.#waiting = { resolve, reject };
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const status = Number(head.slice(9, 12));
    // An answer without content says no length.
    const length = status === 204 ? 0 : /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    const start = headEnd + HEAD_END.length;
    const isWhole =
      length === undefined
        ? this.#received.subarray(-CHUNKS_END.length).equals(CHUNKS_END)
        : this.#received.length >= start + Number(length);
    if (!isWhole) return;
    const answer = {
      status,
      head,
      body: this.#received.toString('utf8', start),
    };
    this.#received = Buffer.alloc(0);
    this.#waiting?.resolve(answer);
  }
}

export function request(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Buffer {
  const all: Record<string, string> = {
    host: '127.0.0.1',
    ...headers,
    ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`);
}

export const json = (path: string, headers: Record<string, string>, body: object): Buffer =>
  request('POST', path, { 'content-type': 'application/json', ...headers }, JSON.stringify(body));

/** Sends one and expects 200: figures of refusals would say nothing. */
export async function shoot(connection: Connection, shot: Shot): Promise<void> {
  const { bytes, status = 200, done } = shot;
  const answer = await connection.send(bytes);
  if (answer.status !== status) throw new Error(`answered ${answer.status}: ${answer.body}`);
  done?.(answer);
}

/** The milliseconds that one takes. */
export async function timed(connection: Connection, shot: Shot): Promise<number> {
  const start = performance.now();
  await shoot(connection, shot);
  return performance.now() - start;
}

/** Keeps so many requests under way, and counts them in `ms` after the first `warm`. */
export async function load(
  urls: string | readonly string[],
  options: { readonly connections: number; readonly ms: number; readonly warm: number },
  next: () => Shot,
): Promise<Load> {
  const servers = [urls].flat();
  const connections = await Promise.all(
    Array.from({ length: options.connections }, (_, index) =>
      Connection.open(servers[index % servers.length] ?? ''),
    ),
  );
  const counted = counter(options);
  await Promise.all(
    connections.map(async (connection) => {
      while (!counted.isOver()) {
        const start = performance.now();
        await shoot(connection, next());
        counted.add(start);
      }
      connection.close();
    }),
  );
  return counted.load();
}
