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
    return { all, begin, work };
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
    const { unit, kept } = await begin();
    expect(kept).toBeNull();
    const transacts: number[][] = [];
    await unit?.run(async () => {
      await work(user.id);
      // The result is here, and the transaction is open: nobody can look at the database now.
      expect(() => w.database.snapshot()).toThrow('a transaction is open');
      await unit.end(answer);
      transacts.push(counts());
    });
    expect(transacts).toEqual([[1, 1]]);
    expect(await begin()).toEqual({ kept: 'answer', unit: null });
  });

  test('that goes on to something slow is committed without waiting for the answer, which is kept then', async () => {
    const w = world();
    const { begin, work, user, counts } = await aServer(w);
    const { unit } = await begin();
    await unit?.run(async () => {
      await work(user.id);
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(counts()).toEqual([1, 0]);
      await unit.end(answer);
    });
    expect(counts()).toEqual([1, 1]);
  });

  test('sees in later reads and transactions what the earlier ones did', async () => {
    const w = world();
    const { begin, all, by, work, user, counts } = await aServer(w);
    const { unit } = await begin();
    await unit?.run(async () => {
      const { key } = await work(user.id);
      expect((await all.keys.readKey.execute(by, { id: key.id })).id).toBe(key.id);
      await Promise.all([work(user.id), work(user.id)]);
      await unit.end(answer);
    });
    expect(counts()).toEqual([3, 1]);
  });

  test('changes nothing where another server was faster, and says that it is under way', async () => {
    const w = world();
    const { begin, work, user, serverOf, counts } = await aServer(w);
    const other = serverOf({});
    const both = gate(2);
    const run = async ({ begin: start, work: change }: Pick<typeof other, 'begin' | 'work'>) => {
      const { unit } = await start();
      await both();
      return endOf(
        (async () =>
          unit?.run(async () => {
            await change(user.id);
            await unit.end(answer);
          }))(),
      );
    };
    const ends = await Promise.all([run({ begin, work }), run(other)]);
    expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    const [refusal] = ends.filter((end) => end !== 'done');
    expect(refusal).toEqual(new IdempotencyConflict('idempotency_key_in_use'));
    expect(counts()).toEqual([1, 1]);
  });

  test('is free again where its answer is not kept, and what it changed stays', async () => {
    const w = world();
    const { begin, work, user, counts } = await aServer(w);
    for (let i = 1; i <= 2; i += 1) {
      const { unit, kept } = await begin();
      expect(kept).toBeNull();
      await unit?.run(async () => {
        await work(user.id);
        await unit.end(null);
      });
      expect(counts()).toEqual([i, 0]);
    }
  });

  test('about the moment is looked at again, and changes nothing then', async () => {
    const w = world();
    const { begin, work, user, counts } = await aServer(w);
    for (const [how, isKept] of [
      [answer, false],
      ['undo', true],
    ] as const) {
      const { unit, kept } = await begin({ isVerdict: true });
      expect(kept !== null).toBe(isKept);
      await unit?.run(async () => {
        await work(user.id);
        await unit.end(how);
      });
      expect(counts()).toEqual([1, 1]);
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
    const { begin, work, user, counts } = await aServer(w, { database });
    const attempt = async () => {
      const { unit } = await begin();
      await unit?.run(async () => {
        await work(user.id);
        await unit.end(answer);
      });
    };
    expect(await endOf(attempt())).toBe(planted);
    expect(counts()).toEqual([0, 0]);
    isBroken = false;
    expect(await endOf(attempt())).toBe('done');
    expect(counts()).toEqual([1, 1]);
  });
});
