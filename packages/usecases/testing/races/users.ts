import { formServiceId, InvalidCredentials, isRefusal, NotFound, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { useCases } from '../../src/index.ts';
import { START } from '../fixtures.ts';
import { gate } from '../gate.ts';
import { asNobody, asService, endOf, NEW_PASSWORD, PASSWORD } from '../world.ts';
import { type Track, times } from './track.ts';

export function usersRaces({ alone, world }: Track): void {
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

  describe('a person who is deleted while others are at it', () => {
    test('is gone with everything, and all others are done before or find nobody', async () => {
      await alone(async (w) => {
        const service = await w.addService();
        const people = [];
        for (let n = 0; n < 6; n += 1) {
          const owner = await w.addOwner({ email: `zaphod-${n}@example.com` }, { service });
          const link = await w.changeAndReadMail(owner);
          people.push({ owner, link, session: await w.logIn(owner, NEW_PASSWORD) });
        }
        const by = asService(service, { address: '198.51.100.77', client: 'Zaphod/7.0' });
        const { users, sessions, keys, passwords, recovery } = w.useCases;
        const password = NEW_PASSWORD;
        const ends = await Promise.all(
          people.flatMap(({ owner, session, link }, n) => {
            const { id, email } = owner.user;
            const racers = [
              () => users.deleteUser.execute(by, { id }),
              () => sessions.login.execute(by, { email, password }),
              () => sessions.login.execute(by, { email, password: 'wrong horse' }),
              () => users.updateUser.execute(by, { id, name: 'Zaphod', attributes: { a: 1 } }),
              () => users.updateUser.execute(by, { id, isEnabled: false }),
              () => keys.createKey.execute(by, { type: 'KEY', name: 'Zaphod', userId: id }),
              () => sessions.refreshToken.execute(by, { token: session.refresh }),
              () => recovery.lockAccount.execute(by, { token: link }),
              () =>
                passwords.updatePassword.execute(by, {
                  email,
                  password,
                  newPassword: 'zaphods horse',
                }),
            ];
            // Each begins with another one.
            return racers.map((_, index) => endOf(racers[(index + 2 * n) % racers.length]!()));
          }),
        );
        for (const end of ends) if (end !== 'done') expect(end).toSatisfy(isRefusal);
        await w.deliver();
        for (const { owner } of people) {
          const { id } = owner.user;
          const left = await w.database.read(async (stores) => [
            await stores.users.get(id),
            ...(await stores.keys.list({ userIds: [id] }, { limit: 10 })),
            ...(await stores.sessions.ofUser(id, '', 10)),
            ...(await stores.deliveries.ofUser(id, '', 10)),
            ...(await stores.users.attributesOf(id)),
          ]);
          expect(left).toEqual([null]);
        }
        const entries = await w.database.read(({ audit }) => audit.follow(service.id, 0, 1000));
        const deleted = entries.filter(({ type }) => type === 'sso:UserDelete');
        expect(deleted).toHaveLength(people.length);
        // Whoever asked, and whatever was asked, was about one of them.
        expect(JSON.stringify(entries)).not.toMatch(/zaphod|198\.51\.100\.77/i);
      });
    });

    test('is deleted by one of many', async () => {
      const w = world();
      const owner = await w.addOwner();
      const { id } = owner.user;
      const ends = await times(8, () =>
        endOf(w.useCases.users.deleteUser.execute(asService(owner.service), { id })),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      for (const end of ends) if (end !== 'done') expect(end).toBeInstanceOf(NotFound);
    });
  });

  describe('changes of a user', () => {
    test('that are made at once are all made, each on what was there', async () => {
      const w = world();
      const owner = await w.addOwner();
      const { id } = owner.user;
      const by = asService(owner.service);
      await times(8, (n) => w.useCases.users.updateUser.execute(by, { id, name: `Ada ${n}` }));
      const entries = await w.database.read(({ audit }) => audit.follow(owner.service.id, 0, 100));
      const diffs = entries
        .filter(({ type }) => type === 'sso:UserUpdate')
        .map(({ data }) => (data as { data: [[string, string, string]] }).data[0]);
      expect(diffs).toHaveLength(8);
      // Each begins with what the one before ended with.
      const olds = diffs.map(([, old]) => old);
      const news = diffs.map(([, , now]) => now);
      expect(olds).toEqual([owner.user.name, ...news.slice(0, -1)]);
      const last = await w.database.read(({ users }) => users.get(id));
      expect(last?.name).toBe(news.at(-1));
    });
  });
}
