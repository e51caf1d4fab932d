import { type Id, InvalidOneTimeToken, isUsable, type Key, NotFound } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { START } from '../fixtures.ts';
import { asService, endOf, tokenIn } from '../world.ts';
import { type Track, times } from './track.ts';

export function keysRaces({ world }: Track): void {
  describe('keys', () => {
    test.each([
      ['first', true],
      ['last', false],
    ])(
      'that are made while the account is locked are of no use: the lock begins %s',
      async (_when, locksFirst) => {
        const w = world();
        const owner = await w.addOwner();
        const { service, user } = owner;
        const by = asService(service);
        const token = await w.changeAndReadMail(owner);
        const { createKey } = w.useCases.keys;
        const lock = () => w.useCases.recovery.lockAccount.execute(by, { token });
        const locking = locksFirst ? lock() : undefined;
        const creating = times(
          8,
          (racer): Promise<Id | null> =>
            createKey
              .execute(by, { isEnabled: true, type: 'KEY', name: `key ${racer}`, userId: user.id })
              .then(
                ({ key }) => key.id,
                () => null,
              ),
        );
        await (locking ?? lock());
        for (const id of await creating) {
          if (id === null) continue;
          const key = await w.database.read(({ keys }) => keys.get(id));
          expect(key && isUsable(key, START)).toBe(false);
        }
        expect(
          await w.database.read(({ keys }) => keys.findToken(user.id, service.id, START)),
        ).toBeNull();

        // Neither are the links of the mails about them: the lock was the last word.
        const { sent } = w.channels.mail;
        const before = sent.length;
        await w.deliver();
        const { lockAccount } = w.useCases.recovery;
        for (const { link } of sent.slice(before)) {
          const end = await endOf(lockAccount.execute(by, { token: tokenIn(link) }));
          expect(end).toBeInstanceOf(InvalidOneTimeToken);
        }
      },
    );

    test.each(['TOKEN', 'TOTP'] as const)(
      'of type %s that are made and enabled at once: one is usable at the end',
      async (type) => {
        const w = world();
        const service = await w.addService();
        const user = await w.addUser(service);
        const by = asService(service);
        const { createKey, updateKey, listKeys } = w.useCases.keys;
        const of = { type, name: 'web', userId: user.id };
        const disabled = await times(4, () => createKey.execute(by, { ...of, isEnabled: false }));
        const made = times(4, () => endOf(createKey.execute(by, of)));
        const enabled = times(4, (racer) => {
          const { id } = disabled[racer]!.key;
          return endOf(updateKey.execute(by, { id, isEnabled: true }));
        });
        const ends = [...(await made), ...(await enabled)];
        expect(ends.filter((end) => end === 'done')).toHaveLength(1);
        for (const end of ends) {
          if (end !== 'done') expect(end).toMatchObject({ violations: [{ code: 'exists' }] });
        }
        const filter = { userIds: [user.id], isEnabled: true, page: { limit: 10 } };
        expect(await listKeys.execute(by, filter)).toHaveLength(1);
      },
    );

    test('that are rotated at once have one value that is good, the last one', async () => {
      const w = world();
      const service = await w.addService();
      const user = await w.addUser(service);
      const by = asService(service);
      const { createKey, rotateKey, readKey, verifyKey } = w.useCases.keys;
      const { key, value } = await createKey.execute(by, { name: 'web', userId: user.id });
      const rotated = await times(8, () => rotateKey.execute(by, { id: key.id }));
      const values = [value, ...rotated.map((each) => each.value)];
      const ends = await Promise.all(
        values.map((each) => endOf(verifyKey.execute(by, { value: each }))),
      );
      const good = values.filter((_, place) => ends[place] === 'done');
      expect(good).toHaveLength(1);
      const { prefix } = await readKey.execute(by, { id: key.id });
      expect(good[0]?.slice(4, 12)).toBe(prefix);
    });

    test('of a service that takes back all of its own at once: one is left', async () => {
      const w = world();
      const service = await w.addService();
      const by = asService(service);
      const own = { serviceId: service.id, userId: null, type: 'KEY' } as const;
      const keys: Key[] = [];
      for (let count = 0; count < 6; count += 1) keys.push(await w.addKey(own));
      const { updateKey, deleteKey, retireKey, listKeys } = w.useCases.keys;
      const ends = await times(6, (racer) => {
        const { id } = keys[racer]!;
        const ways = [
          () => updateKey.execute(by, { id, isEnabled: false }),
          () => deleteKey.execute(by, { id }),
          () => retireKey.execute(by, { id }),
        ];
        return endOf(ways[racer % 3]!());
      });
      expect(ends.filter((end) => end === 'done')).toHaveLength(5);
      const usable = await listKeys.execute(by, { isEnabled: true, page: { limit: 10 } });
      expect(usable).toHaveLength(1);
    });

    test('that are changed while they are deleted: one is first, and the other is told', async () => {
      const w = world();
      const service = await w.addService();
      const user = await w.addUser(service);
      const by = asService(service);
      const { createKey, updateKey, deleteKey, rotateKey, readKey } = w.useCases.keys;
      const { key } = await createKey.execute(by, { name: 'web', userId: user.id });
      const { id } = key;
      const changes = times(8, (racer) =>
        endOf(
          racer % 2 === 0
            ? updateKey.execute(by, { id, name: `key ${racer}` })
            : rotateKey.execute(by, { id }),
        ),
      );
      const deletions = times(2, () => endOf(deleteKey.execute(by, { id })));
      for (const end of await changes) if (end !== 'done') expect(end).toBeInstanceOf(NotFound);
      expect((await deletions).filter((end) => end === 'done')).toHaveLength(1);
      expect(await endOf(readKey.execute(by, { id }))).toBeInstanceOf(NotFound);
    });

    test('of type TOKEN that are disabled or deleted while users log in leave no session open', async () => {
      const w = world();
      for (const verb of ['disabled', 'deleted'] as const) {
        const owner = await w.addOwner();
        const by = asService(owner.service);
        const { id } = owner.tokenKey;
        const { updateKey, deleteKey } = w.useCases.keys;
        const logins = times(8, () => w.logIn(owner).catch(() => null));
        await (verb === 'disabled'
          ? updateKey.execute(by, { id, isEnabled: false })
          : deleteKey.execute(by, { id }));
        for (const login of await logins) {
          if (login !== null) expect(await w.isLive(login.token)).toBe(false);
        }
      }
    });
  });
}
