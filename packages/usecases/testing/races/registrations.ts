import { isRefusal, operator, type Service, type User } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Database, useCases } from '../../src/index.ts';
import { ORIGIN, START } from '../fixtures.ts';
import { gate } from '../gate.ts';
import { asService, endOf, nobody, PASSWORD, settings, tokenIn, type World } from '../world.ts';
import { type Track, times } from './track.ts';

const EMAIL = 'ada@example.com';
const OWN = 'a password of Ada';
const asked = { name: 'Ada', email: EMAIL };

/** Asks to register, and answers the token of the mail. */
async function ask(w: World<Database>, service: Service): Promise<string> {
  await w.useCases.users.register.execute(asService(service), asked);
  await w.deliver();
  const mail = w.channels.mail.sent.findLast(({ to, kind }) => to === EMAIL && kind === 'register');
  return tokenIn(mail?.link ?? '');
}

const accountOf = (w: World<Database>) => w.database.read(({ users }) => users.findByEmail(EMAIL));
const logIn = (w: World<Database>, service: Service, password: string) =>
  endOf(w.useCases.sessions.login.execute(asService(service), { email: EMAIL, password }));

/** What may happen to the address while the link of a registration is pressed, and what has to be ready for it. */
const rivals: Record<
  string,
  (w: World<Database>, service: Service) => Promise<() => Promise<unknown>>
> = {
  'a sign-up': async (w) => () =>
    w.useCases.users.signUp.execute(nobody, { ...asked, name: 'Mallory', password: PASSWORD }),
  'a user whom the service makes': async (w, service) => () =>
    w.useCases.users.createUser.execute(asService(service), {
      ...asked,
      name: 'Mallory',
      password: PASSWORD,
      tokenKey: true,
    }),
  'a change to the address': async (w) => {
    const { user } = await w.addOwner({ email: 'mallory@example.com' });
    return () =>
      w.database.transact(async ({ users }) => {
        await users.lock(user.id);
        await users.changeEmail(user.id, EMAIL, START);
      });
  },
  'a change away from the address': async (w) => {
    const { user, service } = await w.addOwner({ email: EMAIL, name: 'Mallory' });
    return () =>
      w.database.transact(async ({ users, oneTimeTokens }) => {
        const account = await users.lock(user.id);
        // An account that is made as new meanwhile is nobody's any more who could move it.
        if (account?.user.email !== EMAIL || account.user.name !== 'Mallory') return;
        await users.changeEmail(user.id, 'mallory@example.com', START);
        await oneTimeTokens.insert({
          id: w.ids.next(),
          purpose: 'update_email',
          userId: user.id,
          serviceId: service.id,
          email: EMAIL,
          origin: ORIGIN,
          keyId: w.linkTokens.currentKeyId(),
          createdAt: START,
          expiresAt: START + settings.revokeTokenTtlMs,
          version: null,
          details: { newEmail: 'mallory@example.com' },
        });
      });
  },
  'a proof of the address': async (w) => {
    const { user } = await w.addOwner({ email: EMAIL, name: 'Mallory' });
    return () =>
      w.database.transact(async ({ users }) => {
        await users.lock(user.id);
        await users.markValid(user.id, true, START);
      });
  },
  'a deletion': async (w) => {
    const { user } = await w.addOwner({ email: EMAIL, name: 'Mallory' });
    return () => w.useCases.users.deleteUser.execute(operator, { id: user.id });
  },
  'a lock': async (w) => {
    const { user } = await w.addOwner({ email: EMAIL, name: 'Mallory' });
    return () => w.database.transact(({ users }) => users.lockOut(user.id, START));
  },
  'a login of somebody who prepared the account': async (w) => {
    const owner = await w.addOwner({ email: EMAIL, name: 'Mallory' });
    return () => w.logIn(owner);
  },
};

export function registrationsRaces({ alone }: Track): void {
  describe('the link of a registration', () => {
    test('has one winner of sixteen that press it', async () => {
      await alone(async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const service = await w.addService();
        const token = await ask(w, service);
        const { confirmRegistration } = w.useCases.users;
        const ends = await times(16, () =>
          endOf(confirmRegistration.execute(nobody, { token, password: OWN })),
        );
        expect(ends.filter((end) => end === 'done')).toHaveLength(1);
        for (const end of ends) if (end !== 'done') expect(end).toSatisfy(isRefusal);
        expect(await logIn(w, service, OWN)).toBe('done');
      });
    });

    test('is good for the latest of many requests, and for no other', async () => {
      await alone(async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const service = await w.addService();
        await times(5, () => w.useCases.users.register.execute(asService(service), asked));
        await w.deliver();
        const tokens = w.channels.mail.sent
          .filter(({ to }) => to === EMAIL)
          .map(({ link }) => tokenIn(link));
        expect(tokens).toHaveLength(5);
        const good = await w.database.read(async ({ oneTimeTokens }) => {
          const found = [];
          for (const token of tokens) {
            const right = w.linkTokens.verify(token);
            found.push(right && (await oneTimeTokens.findGood(right.id, w.clock.now())));
          }
          return found.filter((right) => right !== null);
        });
        expect(good).toHaveLength(1);
      });
    });

    test.each(Object.keys(rivals))(
      'makes an account that is nobody else’s, or none, against %s at the same moment',
      async (rival) => {
        await alone(async (w) => {
          await w.useCases.services.openFormService.execute(operator);
          const service = await w.addService();
          const run = await rivals[rival]?.(w, service);
          const token = await ask(w, service);
          const allIn = gate(2);
          const hasher = {
            ...w.hasher,
            hash: async (...given: Parameters<typeof w.hasher.hash>) => {
              const hash = await w.hasher.hash(...given);
              await allIn();
              return hash;
            },
          };
          const { confirmRegistration } = useCases({ ...w, hasher }).users;
          const confirming = endOf(confirmRegistration.execute(nobody, { token, password: OWN }));
          const [end] = await Promise.all([confirming, endOf(allIn().then(run))]);

          const account = await accountOf(w);
          const keys = await w.database.read((stores) =>
            stores.keys.list({ userIds: [account?.user.id ?? ''] }, { limit: 100 }),
          );
          const sessions = await openSessions(w, account?.user);
          if (end === 'done') {
            expect(account?.user).toMatchObject({ emailProven: true, isEnabled: true });
            // Whoever proved the address itself keeps the account as it is, and is only let in.
            const isJoined = rival === 'a proof of the address' && account?.user.name !== 'Ada';
            if (!isJoined) {
              const usable = keys.filter((key) => key.isEnabled);
              expect(usable.map((key) => [key.type, key.serviceId])).toEqual([
                ['TOKEN', service.id],
              ]);
              expect(sessions).toBe(0);
              expect(await logIn(w, service, PASSWORD)).not.toBe('done');
            }
            expect(await logIn(w, service, isJoined ? PASSWORD : OWN)).toBe('done');
          } else {
            expect(end).toSatisfy(isRefusal);
            expect(await logIn(w, service, OWN)).not.toBe('done');
          }
        });
      },
    );
  });
}

async function openSessions(w: World<Database>, user: User | undefined): Promise<number> {
  if (user === undefined) return 0;
  const page = { limit: 100 };
  const open = await w.database.read(({ sessions }) =>
    sessions.list({ userIds: [user.id] }, page, w.clock.now()),
  );
  return open.length;
}
