import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** How long a reader may take nothing of what was written for it. */
const STALL_MS = 15_000;

/** The answers that go on until somebody ends them. */
export type Streams = {
  /** Aborted when the client has left, or when the server is to stop. */
  signalOf(reply: FastifyReply): AbortSignal;
  /** Answers with a stream of events (HTML Living Standard, 9.2), as they come. A reader that takes nothing is cut off. */
  send(request: FastifyRequest, reply: FastifyReply, texts: AsyncIterable<string>): Promise<void>;
};

/** `unhurried`: is told of a connection whose answer may take as long as it does. */
export function openStreams(unhurried: (socket: Socket) => void): Streams & {
  /** Ends all of them, and each that begins from now on. */
  end(): void;
} {
  const open = new Set<AbortController>();
  let isEnding = false;

  return {
    signalOf({ raw }) {
      const stream = new AbortController();
      if (isEnding || raw.destroyed) stream.abort();
      open.add(stream);
      raw.once('close', () => {
        open.delete(stream);
        stream.abort();
      });
      return stream.signal;
    },

    async send({ raw: { socket } }, reply, texts) {
      reply.hijack();
      const { raw } = reply;
      unhurried(socket);
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        // A proxy that gathers an answer would keep all of it.
        'x-accel-buffering': 'no',
        ...(isEnding && { connection: 'close' }),
      });
      try {
        for await (const text of texts) {
          if (raw.destroyed) break;
          if (!raw.write(text)) await taken(raw);
        }
        raw.end();
      } catch {
        // Nothing more can be said in an answer that has begun: the client comes again with its cursor.
        raw.destroy();
      }
    },

    end() {
      isEnding = true;
      for (const stream of open) stream.abort();
    },
  };
}

/** Resolves once all that was written is on its way, or the reader is gone; throws where that takes too long. */
async function taken(raw: ServerResponse): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('the reader takes nothing')), STALL_MS);
  raw.once('drain', resolve).once('close', resolve);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    raw.off('drain', resolve).off('close', resolve);
  }
}
