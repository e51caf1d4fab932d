import { describe, expect, test } from 'vitest';
import { aService, START } from '../fixtures.ts';
import { gate } from '../gate.ts';
import type { Opened } from './opened.ts';

export function transactionsContract({ write, read, seed, concurrency }: Opened): void {
  describe('a transaction', () => {
    test('keeps what it did, and answers what its work returns', async () => {
      const service = aService();
      const answer = await write(async ({ services }) => {
        await services.insert(service);
        return 'done';
      });
      expect(answer).toBe('done');
      expect(await read(({ services }) => services.get(service.id))).toEqual(service);
    });

    test('sees its own writes', async () => {
      const service = aService();
      const seen = await write(async ({ services }) => {
        await services.insert(service);
        return services.get(service.id);
      });
      expect(seen).toEqual(service);
    });

    test('undoes all of it when its work throws, and throws that error', async () => {
      const { user } = await seed();
      const service = aService();
      const planted = new Error('planted');
      const failing = write(async ({ services, users }) => {
        await services.insert(service);
        await users.lockOut(user.id, START);
        await users.lockOut(user.id, START + 1);
        throw planted;
      });
      await expect(failing).rejects.toBe(planted);
      expect(await read(({ services }) => services.get(service.id))).toBeNull();
      expect(await read(({ users }) => users.get(user.id))).toEqual(user);
    });

    test('that the next one takes to the disk is seen at once, and undone when its work throws', async () => {
      const service = aService();
      const inserted = await write(async ({ services }) => {
        await services.insert(service);
        return service.id;
      }, 'with the next one');
      expect(await read(({ services }) => services.get(inserted))).toEqual(service);
      const planted = new Error('planted');
      const failing = write(async ({ services }) => {
        await services.delete(service);
        throw planted;
      }, 'with the next one');
      await expect(failing).rejects.toBe(planted);
      expect(await read(({ services }) => services.get(service.id))).toEqual(service);
    });

    test('that fails undoes nothing of the one before', async () => {
      const service = aService();
      await write(({ services }) => services.insert(service));
      const failing = write(async ({ services }) => {
        await services.insert(aService());
        throw new Error('planted');
      });
      await expect(failing).rejects.toThrow('planted');
      expect(await read(({ services }) => services.get(service.id))).toEqual(service);
    });

    test('cannot be opened inside another one', async () => {
      await expect(write(() => write(async () => 'inner'))).rejects.toThrow(/transaction/);
      await expect(write(() => read(async () => 'inner'))).rejects.toThrow(/transaction/);
      expect(await write(async () => 'still usable')).toBe('still usable');
    });

    test('closes its stores when it ends', async () => {
      const kept = await write(async (stores) => stores);
      await expect(kept.users.get('x')).rejects.toThrow(/ended/);
      await expect(kept.services.insert(aService())).rejects.toThrow(/ended/);
    });

    test('fails, and keeps nothing, where its work does not wait for a call', async () => {
      const service = aService();
      const hasty = write(async ({ services }) => {
        void services.insert(service);
        return 'too early';
      });
      await expect(hasty).rejects.toThrow(/ended before its calls/);
      expect(await read(({ services }) => services.get(service.id))).toBeNull();
    });

    test('that locks what another one needs while it needs what that one locked is kept, and so is the other', async () => {
      const { user: one } = await seed();
      const { user: other } = await seed();
      const bothLock = gate(Math.min(2, concurrency()));
      const lockOut = (first: string, second: string) =>
        write(async ({ users }) => {
          await users.lockOut(first, START);
          await bothLock();
          await users.lockOut(second, START);
        });
      await Promise.all([lockOut(one.id, other.id), lockOut(other.id, one.id)]);
      for (const { email } of [one, other]) {
        const found = await read(({ users }) => users.findByEmail(email));
        expect(found?.credential.version).toBe(3);
      }
    });
  });

  describe('a read', () => {
    test('answers what its work returns, and throws what it throws', async () => {
      const { user } = await seed();
      expect(await read(({ users }) => users.get(user.id))).toEqual(user);
      const planted = new Error('planted');
      const failing = read(async ({ users }) => {
        await users.get(user.id);
        throw planted;
      });
      await expect(failing).rejects.toBe(planted);
    });

    test('closes its stores when it ends', async () => {
      const kept = await read(async (stores) => stores);
      await expect(kept.users.get('x')).rejects.toThrow(/ended/);
    });
  });
}
