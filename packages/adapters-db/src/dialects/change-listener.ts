import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Id } from '@rekey/domain';
import pg from 'pg';
import { CHANGES } from '../migrations/change-notices.ts';
import { SEQUENCED } from '../migrations/sequences.ts';
import type { Trust } from './kept-reads.ts';

/** How often the listener makes sure that nothing is on its way to it. */
const BEAT_MS = 250;

/** For how long a beat that came back proves anything: the promise is a second. */
const PROOF_MS = 900;

/** How long a connection may take for a beat before it is given up. */
const SILENCE_MS = 3000;

/** How long a listener waits before it connects again. */
const RETRY_MS = 500;

export type ChangeListener = Trust & {
  /** Begins to listen, where that has not begun. */
  start(): void;
  close(): Promise<void>;
};

type Options = {
  readonly config: pg.ClientConfig;
  /** Told of the user, key or service whose row changed, or of `EVERYTHING`. */
  onChange(id: Id): void;
  /** Told of a service whose feed has something new. */
  onSequenced(serviceId: Id): void;
  /** Told whenever changes may have been missed. */
  onGap(): void;
};

/**
 * Hears of the changes that are committed to a database, whoever commits them. Notifications come in the order of the
 * commits. So a beat that the listener sends to itself proves, once it comes back, that all changes from before it was
 * sent have been heard of. Where the connection is cut, frozen or led elsewhere, no beat comes back and nothing is
 * proven: nothing rests on noticing what is wrong with it.
 */
export function changeListener({ config, onChange, onSequenced, onGap }: Options): ChangeListener {
  const closing = new AbortController();
  let running: Promise<void> | null = null;
  let isListening = false;
  let proven = NEVER;

  /** Listens until the connection ends, or the listener is closed. */
  async function listen(): Promise<void> {
    const lost = new AbortController();
    const client = new pg.Client({ ...config, query_timeout: SILENCE_MS });
    for (const event of ['end', 'error']) client.once(event, () => lost.abort());
    // A channel of its own: a beat of another connection proves nothing.
    const channel = `rekey_beat_${randomBytes(8).toString('hex')}`;
    const sent = new Map<string, Moment>();
    client.on('notification', ({ channel: from, payload = '' }) => {
      if (from === CHANGES) return onChange(payload);
      if (from === SEQUENCED) return onSequenced(payload);
      proven = sent.get(payload) ?? proven;
      sent.delete(payload);
    });
    try {
      await client.connect();
      // No beat needs to outlive a crash of the database.
      await client.query('set synchronous_commit = off');
      await client.query(`listen ${CHANGES}`);
      await client.query(`listen ${SEQUENCED}`);
      await client.query(`listen ${channel}`);
      onGap();
      isListening = true;
      const stop = AbortSignal.any([closing.signal, lost.signal]);
      for (let beat = 1; !stop.aborted; beat += 1) {
        sent.set(`${beat}`, thisMoment());
        await client.query({ text: 'select pg_notify($1, $2)', values: [channel, `${beat}`] });
        await setTimeout(BEAT_MS, undefined, { signal: stop });
      }
    } finally {
      isListening = false;
      proven = NEVER;
      onGap();
      // Not awaited: a connection that is frozen answers nothing any more.
      client.end().catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      await listen().catch(() => undefined);
      await setTimeout(RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  return {
    isListening: () => isListening,
    isProven: () => isListening && sinceThen(proven) < PROOF_MS,
    start() {
      running ??= run();
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

/** By two clocks: one jumps when somebody sets it, and one stands still while a machine is suspended. */
type Moment = { readonly steady: number; readonly wall: number };

const NEVER: Moment = { steady: -Infinity, wall: -Infinity };

const thisMoment = (): Moment => ({ steady: performance.now(), wall: Date.now() });

/** Milliseconds, by the clock that says more of them. */
function sinceThen({ steady, wall }: Moment): number {
  const now = thisMoment();
  return Math.max(now.steady - steady, now.wall - wall);
}
