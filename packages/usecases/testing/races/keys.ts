import { type Id, InvalidOneTimeToken, isUsable } from '@rekey/domain';
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
        const lock = () => w.useCases.passwords.revokeUpdatePassword.execute(by, { token });
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
        const { revokeUpdatePassword } = w.useCases.passwords;
        for (const { link } of sent.slice(before)) {
          const end = await endOf(revokeUpdatePassword.execute(by, { token: tokenIn(link) }));
          expect(end).toBeInstanceOf(InvalidOneTimeToken);
        }
      },
    );
  });
}
