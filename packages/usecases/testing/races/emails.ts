import {
  type Actor,
  type Grant,
  IllegalArgument,
  isRefusal,
  operator,
  type User,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Database, type Hasher, useCases } from '../../src/index.ts';
import { gate } from '../gate.ts';
import {
  asNobody,
  asService,
  asUser,
  endOf,
  NEW_PASSWORD,
  PASSWORD,
  tokenIn,
  type World,
} from '../world.ts';
import { type Track, times } from './track.ts';

/** The use cases of racers who have all hashed, or proven the password, before any goes on. */
function hashedTogether(w: World<Database>, racers: number) {
  const allIn = gate(racers);
  const after = async <T>(work: Promise<T>) => {
    const result = await work;
    await allIn();
    return result;
  };
  const hasher: Hasher = {
    ...w.hasher,
    hash: (...asked) => after(w.hasher.hash(...asked)),
    verify: (...asked) => after(w.hasher.verify(...asked)),
  };
  return useCases({ ...w, hasher });
}

async function linkTo(w: World<Database>, { email }: Pick<User, 'email'>, kind: string) {
  await w.deliver();
  const mail = w.channels.mail.sent.findLast((each) => each.kind === kind && each.to === email);
  return tokenIn(mail?.link ?? '');
}

export function emailsRaces({ world, alone }: Track): void {
  const done = (ends: readonly unknown[]) => ends.filter((end) => end === 'done').length;
  const userOf = ({ database }: World<Database>, { id }: User) =>
    database.read(({ users }) => users.get(id));

  describe('an address that is left', () => {
    test('goes to none of those who create an account with it, or move to it, meanwhile', async () => {
      const w = world();
      for (let round = 0; round < 5; round += 1) {
        const owner = await w.addOwner();
        const by = asService(owner.service);
        const { email } = owner.user;
        const others = await times(4, () => w.addOwner({}, { service: owner.service }));
        const { users } = hashedTogether(w, 9);
        const leave = () =>
          users.updateEmail.execute(by, { email, password: PASSWORD, newEmail: `new.${email}` });
        const takers = others.flatMap((other) => [
          () => users.createUser.execute(by, { name: 'Eve', email, password: PASSWORD }),
          () =>
            users.updateEmail.execute(by, {
              email: other.user.email,
              password: PASSWORD,
              newEmail: email,
            }),
        ]);
        const [left, ...taken] = await Promise.all(
          [leave, ...takers].map((run: () => Promise<unknown>) => endOf(run())),
        );
        expect(left).toBe('done');
        for (const end of taken) expect(end).toBeInstanceOf(IllegalArgument);
        expect(await w.database.read(({ users }) => users.findByEmail(email))).toBeNull();
      }
    });
  });

  describe('an address that many move to', () => {
    test('is one user’s, and the others keep theirs', async () => {
      const w = world();
      const service = await w.addService();
      const owners = await times(8, () => w.addOwner({}, { service }));
      const newEmail = `many.${owners[0]?.user.email}`;
      const { updateEmail } = hashedTogether(w, 8).users;
      const ends = await Promise.all(
        owners.map(({ user: { email } }) =>
          endOf(updateEmail.execute(asService(service), { email, password: PASSWORD, newEmail })),
        ),
      );
      expect(done(ends)).toBe(1);
      for (const end of ends) if (end !== 'done') expect(end).toBeInstanceOf(IllegalArgument);
      const found = await Promise.all(owners.map(({ user }) => userOf(w, user)));
      expect(found.map((user) => user?.email === newEmail)).toEqual(
        ends.map((end) => end === 'done'),
      );
    });
  });

  describe('an account that a thief moves on', () => {
    test('is locked at the address of the owner, whoever is first', async () => {
      const w = world();
      for (let round = 0; round < 5; round += 1) {
        const owner = await w.addOwner();
        const by = asService(owner.service);
        const { email } = owner.user;
        const move = { email, password: PASSWORD, newEmail: `thief.${email}` };
        await w.useCases.users.updateEmail.execute(by, move);
        const token = await linkTo(w, owner.user, 'update_email');
        const allIn = gate(2);
        const transact: Database['transact'] = async (work) => {
          await allIn();
          return w.database.transact(work);
        };
        const racing = useCases({ ...w, database: { ...w.database, transact } });
        const [locked, moved] = await Promise.all([
          endOf(racing.recovery.lockAccount.execute(by, { token })),
          endOf(
            racing.users.updateEmail.execute(by, {
              email: move.newEmail,
              password: PASSWORD,
              newEmail: `again.${email}`,
            }),
          ),
        ]);
        expect(locked).toBe('done');
        if (moved !== 'done') expect(moved).toSatisfy(isRefusal);
        expect(await userOf(w, owner.user)).toMatchObject({ email, isLocked: true });
      }
    });
  });

  describe('a login and a change of address at once', () => {
    test('leave no session that was opened by the address from before', async () => {
      const w = world();
      for (let round = 0; round < 5; round += 1) {
        const owner = await w.addOwner();
        const by = asService(owner.service);
        const { email } = owner.user;
        const { sessions, users } = hashedTogether(w, 2);
        const [logged, moved] = await Promise.all([
          sessions.login.execute(by, { email, password: PASSWORD }).catch((error: Error) => error),
          endOf(
            users.updateEmail.execute(by, { email, password: PASSWORD, newEmail: `new.${email}` }),
          ),
        ]);
        expect(moved).toBe('done');
        if ('access' in logged) expect(await w.isLive(logged.access.token)).toBe(false);
        else expect(logged).toSatisfy(isRefusal);
      }
    });
  });

  describe('a reset and a change of address at once', () => {
    test('are one of them: the link goes with the address', async () => {
      await alone(async (w) => {
        for (let round = 0; round < 5; round += 1) {
          const owner = await w.addOwner();
          const by = asService(owner.service);
          const { email } = owner.user;
          await w.useCases.passwords.requestReset.execute(by, { email });
          const token = await linkTo(w, owner.user, 'reset_password');
          const move = { email, password: PASSWORD, newEmail: `new.${email}` };
          const { passwords, users } = hashedTogether(w, 2);
          const ends = await Promise.all([
            endOf(passwords.confirmReset.execute(by, { token, password: NEW_PASSWORD })),
            endOf(users.updateEmail.execute(by, move)),
          ]);
          expect(done(ends)).toBe(1);
          for (const end of ends) if (end !== 'done') expect(end).toSatisfy(isRefusal);
        }
      });
    });
  });

  describe('people whom nobody vouches for', () => {
    test('move to the mailboxes of each other at once, and all succeed', async () => {
      await alone(async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const people = await times(6, async (n) => {
          const from = { address: `198.51.${n}.1`, client: null };
          const { user, access } = await w.useCases.users.signUpAndLogIn.execute(asNobody(from), {
            name: 'Ada',
            email: `ada@example${n}.com`,
            password: PASSWORD,
          });
          const grant = (await w.accessTokens.verify(access.token)) as Grant;
          return { email: user.email, actor: asUser(grant, from) as Actor };
        });
        const ends = await Promise.all(
          people.map(({ email, actor }, n) =>
            endOf(
              w.useCases.users.updateAccount.execute(actor, {
                email,
                newEmail: `ada+${n}@example${n % 2 === 0 ? n + 1 : n - 1}.com`,
              }),
            ),
          ),
        );
        expect(ends).toEqual(people.map(() => 'done'));
      });
    });
  });
}
