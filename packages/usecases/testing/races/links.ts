import { type Id, isRefusal, operator, type Service, Unavailable } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Database, type Ports, useCases } from '../../src/index.ts';
import { gate } from '../gate.ts';
import { asService, NEW_PASSWORD, nobody, PASSWORD, root, tokenIn, type World } from '../world.ts';
import type { Track } from './track.ts';

type W = World<Database>;

/** A person with a link, and what it takes to do something else to the account. */
type Case = {
  readonly id: Id;
  readonly email: string;
  readonly service: Service;
  readonly keyId: Id;
  readonly password: string;
  /** The link that is pressed. */
  readonly token: string;
  /** A kill switch besides, of a key that was made. */
  readonly killer: string;
};
type Act = (ports: Ports, of: Case) => Promise<unknown>;

const BY_LINK = 'set by the link';
const BY_OWNER = 'chosen by the owner';
const passwords = [PASSWORD, NEW_PASSWORD, BY_LINK, BY_OWNER];

/** How each link is asked for, and what pressing it does. */
const links: Record<string, { mail(w: W, of: Omit<Case, 'token'>): Promise<unknown>; press: Act }> =
  {
    reset_password: {
      mail: (w, { service, email }) =>
        w.useCases.passwords.requestReset.execute(asService(service), { email }),
      press: (ports, { token }) =>
        useCases(ports).passwords.confirmReset.execute(nobody, { token, password: BY_LINK }),
    },
    validate_email: {
      mail: (w, { id }) => w.useCases.users.sendValidation.execute(root, { id }),
      press: (ports, { token }) =>
        useCases(ports).users.validateEmail.execute(nobody, { token, isProof: true }),
    },
    factor_change: {
      mail: (w, { service, id }) =>
        w.useCases.keys.createKey.execute(asService(service), { name: 'cron', userId: id }),
      press: (ports, { token }) => useCases(ports).recovery.lockAccount.execute(nobody, { token }),
    },
    recover: {
      mail: async (w, { killer, id }) => {
        await w.useCases.recovery.lockAccount.execute(nobody, { token: killer });
        await w.useCases.recovery.recoverUser.execute(root, { id });
      },
      press: (ports, { token }) =>
        useCases(ports).recovery.confirmRecovery.execute(nobody, { token, password: BY_LINK }),
    },
  };

const events: Record<string, Act> = {
  'a change of the password': (ports, { service, email, password }) =>
    useCases(ports).passwords.updatePassword.execute(asService(service), {
      email,
      password,
      newPassword: BY_OWNER,
    }),
  'a change of the address': (ports, { service, email, password }) =>
    useCases(ports).users.updateEmail.execute(asService(service), {
      email,
      password,
      newEmail: `moved.${email}`,
    }),
  'a newer request': (ports, { service, email }) =>
    useCases(ports).passwords.requestReset.execute(asService(service), { email }),
  'another kill switch': (ports, { killer: token }) =>
    useCases(ports).recovery.lockAccount.execute(nobody, { token }),
  'a disabling': (ports, { id }) =>
    useCases(ports).users.updateUser.execute(root, { id, isEnabled: false }),
  'a deletion': (ports, { id }) => useCases(ports).users.deleteUser.execute(root, { id }),
  'the end of the key': (ports, { keyId: id }) =>
    useCases(ports).keys.retireKey.execute(root, { id }),
  'a new link for the way back': (ports, { id }) =>
    useCases(ports).recovery.recoverUser.execute(root, { id }),
};

export function linksRaces({ world }: Track): void {
  describe.each(Object.entries(links))('the link of %s', (_purpose, { mail, press }) => {
    test.each(Object.entries(events))(
      'and %s at once come to what one after the other comes to',
      async (_event, happen) => {
        const w = world();
        const pressFirst = await outcome(w, mail, [press, happen], inTurn);
        const pressLast = await outcome(w, mail, [happen, press], inTurn);
        pressLast.ends.reverse();
        for (let n = 0; n < 3; n += 1) {
          const raced = await outcome(w, mail, [press, happen], atOnce(w));
          expect([pressFirst, pressLast]).toContainEqual(raced);
        }
      },
    );
  });
}

type Way = (acts: readonly Act[], of: Case, w: W) => Promise<string[]>;

const endOf = async (act: Act, ports: Ports, of: Case): Promise<string> => {
  try {
    await act(ports, of);
    return 'done';
  } catch (error) {
    // As clients do: on a busy machine a lock is waited for longer than a database lets anybody wait.
    if (error instanceof Unavailable) return endOf(act, ports, of);
    if (isRefusal(error)) return error.code;
    throw error;
  }
};

const inTurn: Way = async (acts, of, w) => {
  const ends: string[] = [];
  for (const act of acts) ends.push(await endOf(act, w, of));
  return ends;
};

/** Nobody changes anything before everybody is about to. */
const atOnce =
  (w: W): Way =>
  (acts, of) => {
    const allIn = gate(acts.length);
    const database: Database = {
      ...w.database,
      transact: async (work) => {
        await allIn();
        return w.database.transact(work);
      },
    };
    // Whoever is refused before anything is changed is waited for no longer.
    return Promise.all(
      acts.map((act) => endOf(act, { ...w, database }, of).finally(() => void allIn())),
    );
  };

/** What becomes of two acts on somebody who was not there before. */
async function outcome(w: W, mail: (typeof links)[string]['mail'], acts: readonly Act[], way: Way) {
  const owner = await w.addOwner({ createdBy: null });
  const { user, service, tokenKey } = owner;
  const { id, email } = user;
  const sent = async () => {
    await w.deliver();
    return tokenIn(w.channels.mail.sent.findLast(({ to }) => to === email)?.link ?? '');
  };
  await w.useCases.keys.createKey.execute(asService(service), { name: 'ci', userId: id });
  const killer = await sent();
  const bare = { id, email, service, keyId: tokenKey.id, password: PASSWORD, killer };
  await mail(w, bare);
  const of: Case = { ...bare, token: await sent() };

  const ends = await way(acts, of, w);
  const left = await w.database.read(({ users }) => users.get(id));
  const opening: string[] = [];
  for (const password of passwords) {
    const claim = { email: left?.email ?? email, password };
    const login = () => w.useCases.sessions.login.execute(asService(service), claim);
    if ((await endOf(login, w, of)) === 'done') opening.push(password);
  }
  await w.useCases.sessions.endAllSessions.execute(operator, { userId: id }).catch(() => 0);
  const { isEnabled, isLocked, emailValid, emailProven } = left ?? {};
  const isMoved = left !== null && left.email !== email;

  return { ends, isEnabled, isLocked, emailValid, emailProven, isMoved, opening };
}
