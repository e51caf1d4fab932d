import { formServiceId, InvalidCredentials, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { useCases } from '../../src/index.ts';
import { START } from '../fixtures.ts';
import { gate } from '../gate.ts';
import { asNobody, endOf, PASSWORD } from '../world.ts';
import { type Track, times } from './track.ts';

export function usersRaces({ alone }: Track): void {
  describe('idle accounts', () => {
    test('are either used or deleted, of logins that race their expiry', async () => {
      await alone(async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const users = await times(8, async (n) => {
          const email = `user-${n}@example.com`;
          const profile = { isEnabled: true, name: 'Ada', email, password: PASSWORD };
          return (await w.useCases.users.createUser.execute(asNobody(), profile)).user;
        });
        w.clock.set(w.clock.now() + 1000 * 86_400_000);
        const allIn = gate(9);
        const hasher = {
          ...w.hasher,
          verify: async (...asked: Parameters<typeof w.hasher.verify>) => {
            const isRight = await w.hasher.verify(...asked);
            await allIn();
            return isRight;
          },
        };
        const { login } = useCases({ ...w, hasher }).sessions;
        const logins = users.map(({ email }) =>
          endOf(login.execute(asNobody(), { email, password: PASSWORD })),
        );
        const expired = await allIn().then(() =>
          w.useCases.maintenance.expireUsers.execute(operator),
        );
        const ends = await Promise.all(logins);
        const left = await w.database.read(async (stores) => {
          const found: boolean[] = [];
          for (const { id } of users) {
            const isLinked = (await stores.keys.findToken(id, formServiceId, START)) !== null;
            found.push(isLinked && (await stores.users.get(id)) !== null);
          }
          return found;
        });
        expect(ends.map((end) => end === 'done')).toEqual(left);
        expect(expired).toBe(left.filter((isLeft) => !isLeft).length);
        for (const end of ends) {
          if (end !== 'done') expect(end).toBeInstanceOf(InvalidCredentials);
        }
      });
    });
  });
}
