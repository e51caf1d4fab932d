import { IdempotencyConflict } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asService, endOf, gate, type World, world } from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const ask = { key: 'k', request: 'request', account: '', isVerdict: false };
const answer = { text: 'answer', userId: null };

/** A server on a database, with a request that makes a key of a user. */
async function aServer(w: World, more: Partial<Ports> = {}) {
  const service = await w.addService();
  const by = asService(service);
  const serverOf = (ports: Partial<Ports>) => {
    const all = useCases({ ...w, ...more, ...ports });
    const begin = (asked: Partial<typeof ask> = {}) =>
      all.requests.beginRequest.execute(by, { ...ask, ...asked });
    const input = { isEnabled: true, type: 'KEY', name: 'web' } as const;
    const work = (userId: string) => all.keys.createKey.execute(by, { ...input, userId });
    /** A request that is done and answered. */
    const send = () => {
      const request = begin();
      return request.run(async () => {
        await work(user.id);
        await request.end(answer, true);
      });
    };
    return { all, begin, work, send };
  };
  const user = await w.addUser(service);
  const rows = () => w.database.snapshot() as { keys: unknown[]; keptAnswers: unknown[] };
  const counts = () => [rows().keys.length, rows().keptAnswers.length];
  return { ...serverOf({}), by, serverOf, user, counts };
}

describe('a request with a key', () => {
  test('is committed together with its answer, and not before there is one', async () => {
    const w = world();
    const { begin, work, user, counts } = await aServer(w);
    const request = begin();
    await request.run(async () => {
      await work(user.id);
      // The result is here, and the transaction is open: nobody can look at the database now.
      expect(() => w.database.snapshot()).toThrow('a transaction is open');
      expect(await request.end(answer, true)).toBeNull();
    });
    expect(counts()).toEqual([1, 1]);
  });

  test('is stopped before its first commit where it was answered before, and is told that answer', async () => {
    const w = world();
    const { begin, work, send, user } = await aServer(w);
    await send();
    const before = w.database.snapshot();
    const stopped = new IdempotencyConflict('idempotency_key_in_use');
    // Whatever became of it meanwhile, be it that nothing was asked of the database.
    for (const works of [2, 1, 0]) {
      const again = begin();
      await again.run(async () => {
        for (let i = 0; i < works; i += 1) expect(await endOf(work(user.id))).toEqual(stopped);
        expect(await again.end({ text: 'refused', userId: null }, false)).toBe('answer');
      });
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test('is refused where its key stands for another request, and changes nothing', async () => {
    const w = world();
    const { begin, work, send, user, counts } = await aServer(w);
    await send();
    const reused = new IdempotencyConflict('idempotency_key_reused');
    for (const isVerdict of [false, true]) {
      for (const works of [1, 0]) {
        const other = begin({ request: 'other', isVerdict });
        await other.run(async () => {
          for (let i = 0; i < works; i += 1) expect(await endOf(work(user.id))).toEqual(reused);
          expect(await endOf(other.end(answer, true))).toEqual(reused);
        });
      }
    }
    expect(counts()).toEqual([1, 1]);
  });

  test('that goes on to something slow is committed without waiting for the answer, which is kept then', async () => {
    const w = world();
    const { begin, work, user, counts } = await aServer(w);
    const request = begin();
    await request.run(async () => {
      await work(user.id);
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(counts()).toEqual([1, 0]);
      await request.end(answer, true);
    });
    expect(counts()).toEqual([1, 1]);
  });

  test('sees in later reads and transactions what the earlier ones did', async () => {
    const w = world();
    const { begin, all, by, work, user, counts } = await aServer(w);
    const request = begin();
    await request.run(async () => {
      const { key } = await work(user.id);
      expect((await all.keys.readKey.execute(by, { id: key.id })).id).toBe(key.id);
      await Promise.all([work(user.id), work(user.id)]);
      await request.end(answer, true);
    });
    expect(counts()).toEqual([3, 1]);
  });

  test('keeps nothing where another server was faster, and says that it is under way', async () => {
    const w = world();
    const both = gate(2);
    const database: Ports['database'] = {
      ...w.database,
      read: async (work) => {
        const found = await w.database.read(work);
        // Both have looked, and found nothing.
        await both();
        return found;
      },
    };
    const { begin, serverOf, counts } = await aServer(w, { database });
    const ends = await Promise.all(
      [begin, serverOf({}).begin].map((start) => endOf(start().end(answer, false))),
    );
    expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    const [refusal] = ends.filter((end) => end !== 'done');
    expect(refusal).toEqual(new IdempotencyConflict('idempotency_key_in_use'));
    expect(counts()).toEqual([0, 1]);
  });

  test('is free again where its answer is not kept, and what it changed stays', async () => {
    const w = world();
    const { begin, work, user, counts } = await aServer(w);
    for (let i = 1; i <= 2; i += 1) {
      const request = begin();
      await request.run(async () => {
        await work(user.id);
        expect(await request.end(null, true)).toBeNull();
      });
      expect(counts()).toEqual([i, 0]);
    }
  });

  test('about the moment is looked at again, and changes nothing where it holds', async () => {
    const w = world();
    const { begin, work, user, counts } = await aServer(w);
    for (const [isDone, told, made] of [
      [true, null, 1],
      [true, 'answer', 1],
      // A refusal is told as it is, and what it recorded stays.
      [false, null, 2],
    ] as const) {
      const request = begin({ isVerdict: true });
      await request.run(async () => {
        await work(user.id);
        expect(await request.end(answer, isDone)).toBe(told);
      });
      expect(counts()).toEqual([made, 1]);
    }
  });

  test('frees its key where it could not be committed', async () => {
    const w = world();
    const planted = new Error('planted');
    let isBroken = true;
    const database: Ports['database'] = {
      ...w.database,
      transact: (work) =>
        w.database.transact(async (stores) => {
          const result = await work(stores);
          if (isBroken) throw planted;
          return result;
        }),
    };
    const { send, counts } = await aServer(w, { database });
    expect(await endOf(send())).toBe(planted);
    expect(counts()).toEqual([0, 0]);
    isBroken = false;
    expect(await endOf(send())).toBe('done');
    expect(counts()).toEqual([1, 1]);
  });
});
