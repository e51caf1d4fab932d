import { type Grant, operator, Unavailable } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Database, useCases } from '../../src/index.ts';
import { gate } from '../gate.ts';
import { asNobody, asService, asUser, endOf, PASSWORD, type World } from '../world.ts';
import { type Track, times } from './track.ts';

const asked = { name: 'Orion', email: 'orion@example.com', password: PASSWORD };

/** As clients do: on a busy machine a lock is waited for longer than a database lets anybody wait. */
async function insist<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Unavailable) return insist(run);
    throw error;
  }
}

export function accountsRaces({ alone }: Track): void {
  describe('sign-ups', () => {
    test('of one address by somebody who sends them again and again are one user, and all succeed', async () => {
      await alone(async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const { signUp, signUpAndLogIn } = w.useCases.users;
        const answered = await times(8, async (n) =>
          n % 2 === 0
            ? signUp.execute(asNobody(), asked)
            : (await signUpAndLogIn.execute(asNobody(), asked)).user,
        );
        expect(new Set(answered.map(({ id }) => id)).size).toBe(1);
      });
    });

    test('of one address by two people are one user, whose password is that of one of them', async () => {
      await alone(async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const { signUpAndLogIn } = w.useCases.users;
        const ends = await times(8, (n) =>
          endOf(signUpAndLogIn.execute(asNobody(), { ...asked, password: `password of ${n % 2}` })),
        );
        const [even, odd] = [0, 1].map((of) => ends.filter((_, n) => n % 2 === of));
        const all = (some: unknown[] = []) => some.every((end) => end === 'done');
        const none = (some: unknown[] = []) => some.every((end) => end !== 'done');
        expect((all(even) && none(odd)) || (all(odd) && none(even))).toBe(true);
      });
    });
  });

  describe('people who delete their accounts', () => {
    test('are told of a change that comes before, and no change comes after', async () => {
      await alone(async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const service = await w.addService();
        const people = await times(8, async (n) => {
          const person = { ...asked, email: `person-${n}@example.com` };
          const { signUpAndLogIn } = w.useCases.users;
          const { user, access } = await insist(() => signUpAndLogIn.execute(asNobody(), person));
          return { user, grant: (await w.accessTokens.verify(access.token)) as Grant };
        });
        const allIn = gate(2 * people.length);
        const hasher = {
          ...w.hasher,
          verify: async (...given: Parameters<typeof w.hasher.verify>) => {
            const isRight = await w.hasher.verify(...given);
            await allIn();
            return isRight;
          },
        };
        const { deleteAccount } = useCases({ ...w, hasher }).users;
        const ends = await Promise.all(
          people.map(async ({ user: { id, email }, grant }) => {
            const key = { type: 'KEY', name: 'cron', userId: id } as const;
            const [deleted, made] = await Promise.all([
              endOf(deleteAccount.execute(asUser(grant), { email, password: PASSWORD })),
              allIn().then(() =>
                endOf(insist(() => w.useCases.keys.createKey.execute(asService(service), key))),
              ),
            ]);
            return made === 'done' ? { deleted, made } : { deleted, made: null };
          }),
        );
        for (const { deleted, made } of ends) {
          if (made === null) expect(deleted).toBe('done');
          else expect(deleted).toMatchObject({ code: 'recent_change' });
        }
      });
    });
  });

  describe('admins', () => {
    async function anAdmin(w: World<Database>, n: number) {
      const { users } = w.useCases;
      const person = { ...asked, email: `admin-${n}@example.com` };
      const { user } = await users.signUpAndLogIn.execute(asNobody(), person);
      await users.changeRole.execute(operator, { id: user.id, isAdmin: true });
      const { access } = await users.signUpAndLogIn.execute(asNobody(), person);
      return {
        email: user.email,
        actor: asUser((await w.accessTokens.verify(access.token)) as Grant),
      };
    }

    test('who leave at once, or delete each other, leave one of them', async () => {
      await alone(async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const admins = await times(4, (n) => insist(() => anAdmin(w, n)));
        const { deleteAccount } = w.useCases.users;
        const ends = await Promise.all(
          admins.flatMap(({ actor, email }, n) => {
            const next = admins[(n + 1) % admins.length]?.email ?? '';
            return [
              endOf(insist(() => deleteAccount.execute(actor, { email, password: PASSWORD }))),
              endOf(insist(() => deleteAccount.execute(actor, { email: next }))),
            ];
          }),
        );
        const left = await w.database.transact(({ users }) => users.lockAdmins());
        expect(left).toHaveLength(1);
        expect(ends.filter((end) => end === 'done')).toHaveLength(3);
      });
    });
  });
}
