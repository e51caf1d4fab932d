import { InvalidCredentials, InvalidToken, isUsable, NotFound } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Hasher, type Ports, useCases } from '../../src/index.ts';
import { foreignHash } from '../fakes/index.ts';
import { START } from '../fixtures.ts';
import { gate } from '../gate.ts';
import { asService, endOf, keyValue, type Owner, PASSWORD, root } from '../world.ts';
import { outcomeOf, RACERS, type Track, times } from './track.ts';

type Tokens = { readonly access: string; readonly refresh: string };

export function sessionsRaces({ world, provenTogether, lookedTogether }: Track): void {
  const login = (ports: Ports, { user, service }: Owner, password = PASSWORD) =>
    useCases(ports).sessions.login.execute(asService(service), {
      email: user.email,
      password,
    });
  /** The tokens that a login ends in, or its error. */
  const logIn = async (ports: Ports, owner: Owner, password = PASSWORD) => {
    const output = await outcomeOf(login(ports, owner, password));
    return output instanceof Error ? output : output.access.token;
  };
  const open = async (owner: Owner, password = PASSWORD): Promise<Tokens> => {
    const { token, refresh } = await world().logIn(owner, password);
    return { access: token, refresh };
  };

  describe('logins', () => {
    test('that race a change leave no session open', async () => {
      const w = world();
      const owner = await w.addOwner();
      const ports = provenTogether(RACERS);
      const { updatePassword } = useCases(ports).passwords;
      const changing = endOf(updatePassword.execute(asService(owner.service), w.change(owner)));
      const logins = await times(RACERS - 1, () => logIn(ports, owner));
      expect(await changing).toBe('done');
      for (const end of logins) {
        if (typeof end === 'string') expect(await w.isLive(end)).toBe(false);
        else expect(end).toBeInstanceOf(InvalidCredentials);
      }
    });

    test('that race the kill switch leave no session open', async () => {
      const w = world();
      const owner = await w.addOwner();
      const token = await w.changeAndReadMail(owner, { newPassword: 'another one' });
      const ports = provenTogether(RACERS);
      const locking = (async () => {
        // Through the gate with the logins, as the last one that has to get there.
        await logIn(ports, owner, 'wrong');
        const { lockAccount } = w.useCases.recovery;
        return lockAccount.execute(asService(owner.service), { token });
      })();
      const logins = await times(RACERS - 1, () => logIn(ports, owner, 'another one'));
      await locking;
      for (const end of logins) {
        if (typeof end === 'string') expect(await w.isLive(end)).toBe(false);
        else expect(end).toBeInstanceOf(InvalidCredentials);
      }
    });

    test('that race the end of their key leave no session open', async () => {
      const w = world();
      const owner = await w.addOwner();
      const allIn = gate(9);
      const hasher = {
        ...w.hasher,
        verify: async (...asked: Parameters<Hasher['verify']>) => {
          const isRight = await w.hasher.verify(...asked);
          await allIn();
          return isRight;
        },
      };
      const revoking = allIn().then(() =>
        w.useCases.keys.revokeKey.execute(asService(owner.service), {
          value: keyValue(owner.tokenKey),
        }),
      );
      const ends = await times(8, () => logIn({ ...w, hasher }, owner));
      await revoking;
      for (const end of ends) {
        if (typeof end !== 'string') expect(end).toBeInstanceOf(InvalidCredentials);
        else {
          const { sessionId = '' } = (await w.accessTokens.verify(end)) ?? {};
          expect(await w.database.read(({ sessions }) => sessions.findOpen(sessionId))).toBeNull();
        }
      }
    });

    test('at once all succeed while a foreign hash is replaced', async () => {
      const w = world();
      const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
      const ports = provenTogether(RACERS);
      const outputs = await times(RACERS, () => login(ports, owner));
      for (const { access } of outputs) expect(await w.isLive(access.token)).toBe(true);
      const credential = await w.credentialOf(owner.user);
      expect(credential?.version).toBe(1);
      expect(w.hasher.isCurrent(credential?.passwordHash ?? '')).toBe(true);
    });

    test('that replace a foreign hash lose against a change', async () => {
      const w = world();
      const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
      const ports = provenTogether(2);
      const { updatePassword } = useCases(ports).passwords;
      const ends = await Promise.all([
        endOf(login(ports, owner)),
        endOf(updatePassword.execute(asService(owner.service), w.change(owner))),
      ]);
      expect(ends[1]).toBe('done');
      const { newPassword } = w.change(owner);
      expect(await w.hasPassword(owner.user, newPassword)).toBe(true);
    });
  });

  describe('refreshes', () => {
    /** The new tokens that refreshing ends in, or its error; none goes on before all have looked. */
    const refreshing = (allIn: () => Promise<void>, { service }: Owner) => {
      const { refreshToken } = useCases(lookedTogether(allIn)).sessions;
      return async (token: string): Promise<Tokens | Error> => {
        const output = await outcomeOf(refreshToken.execute(asService(service), { token }));
        if (output instanceof Error) return output;
        return { access: output.access.token, refresh: output.refresh.token };
      };
    };

    /** None of the tokens, nor of those that a refresh ended in, is good for anything. */
    async function expectDead({ service }: Owner, ends: readonly (Tokens | Error)[]) {
      const w = world();
      for (const end of ends) {
        if (end instanceof Error) expect(end).toBeInstanceOf(InvalidToken);
        else {
          expect(await w.isLive(end.access)).toBe(false);
          const { refreshToken } = w.useCases.sessions;
          const again = refreshToken.execute(asService(service), { token: end.refresh });
          expect(await endOf(again)).toBeInstanceOf(InvalidToken);
        }
      }
    }

    test('with one token have one winner of sixteen, and the session ends for all', async () => {
      const owner = await world().addOwner();
      const tokens = await open(owner);
      const refresh = refreshing(gate(16), owner);
      const ends = await times(16, () => refresh(tokens.refresh));
      expect(ends.filter((end) => end instanceof InvalidToken)).toHaveLength(15);
      await expectDead(owner, [...ends, tokens]);
    });

    test('that race a change leave no token good', async () => {
      const w = world();
      const owner = await w.addOwner();
      const logins = await times(8, () => open(owner));
      const allIn = gate(9);
      const refresh = refreshing(allIn, owner);
      const hasher = {
        ...w.hasher,
        hash: async (...asked: Parameters<Hasher['hash']>) => {
          await allIn();
          return w.hasher.hash(...asked);
        },
      };
      const { updatePassword } = useCases({ ...w, hasher }).passwords;
      const changing = endOf(updatePassword.execute(asService(owner.service), w.change(owner)));
      const ends = await Promise.all(logins.map((tokens) => refresh(tokens.refresh)));
      expect(await changing).toBe('done');
      await expectDead(owner, [...ends, ...logins]);
    });

    test('that race the kill switch leave no token good', async () => {
      const w = world();
      const owner = await w.addOwner();
      const token = await w.changeAndReadMail(owner, { newPassword: 'another one' });
      const logins = await times(8, () => open(owner, 'another one'));
      const allIn = gate(9);
      const refresh = refreshing(allIn, owner);
      const { lockAccount } = w.useCases.recovery;
      const locking = allIn().then(() => lockAccount.execute(asService(owner.service), { token }));
      const ends = await Promise.all(logins.map((tokens) => refresh(tokens.refresh)));
      await locking;
      await expectDead(owner, [...ends, ...logins]);
    });

    test('that race a revocation leave no token good', async () => {
      const w = world();
      const owner = await w.addOwner();
      const logins = await times(8, () => open(owner));
      const allIn = gate(9);
      const refresh = refreshing(allIn, owner);
      const token = logins[0]?.access ?? '';
      const { revokeToken } = w.useCases.sessions;
      const revoking = allIn().then(() => revokeToken.execute(asService(owner.service), { token }));
      const ends = await Promise.all(logins.map((tokens) => refresh(tokens.refresh)));
      await revoking;
      await expectDead(owner, [...ends, ...logins]);
      const key = await w.database.read(({ keys }) => keys.get(owner.tokenKey.id));
      expect(key && isUsable(key, START)).toBe(false);
    });

    test('of a key that sixteen revoke at once by their tokens are over, and one revocation wins', async () => {
      const owner = await world().addOwner();
      const logins = await times(16, () => open(owner));
      const { revokeToken } = useCases(lookedTogether(gate(16))).sessions;
      const ends = await times(16, (racer) =>
        endOf(
          revokeToken.execute(asService(owner.service), { token: logins[racer]?.refresh ?? '' }),
        ),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect(ends.filter((end) => end instanceof InvalidToken)).toHaveLength(15);
      await expectDead(owner, logins);
    });

    test('that race the end of their session leave no token good', async () => {
      const w = world();
      const owner = await w.addOwner();
      const login = await w.logIn(owner);
      const allIn = gate(2);
      const refresh = refreshing(allIn, owner);
      const ending = allIn().then(() =>
        w.useCases.sessions.endSession.execute(root, { id: login.sessionId }),
      );
      const end = await refresh(login.refresh);
      await ending;
      await expectDead(owner, [end, { access: login.token, refresh: login.refresh }]);
    });

    test('that race a logout of all leave no token good', async () => {
      const w = world();
      const owner = await w.addOwner();
      const logins = await times(8, () => open(owner));
      const allIn = gate(9);
      const refresh = refreshing(allIn, owner);
      const token = logins[0]?.access ?? '';
      const leaving = allIn().then(() =>
        w.useCases.sessions.logOut.execute(asService(owner.service), { token, all: true }),
      );
      const ends = await Promise.all(logins.map((tokens) => refresh(tokens.refresh)));
      await leaving;
      await expectDead(owner, [...ends, ...logins]);
    });
  });

  describe('the end of a session', () => {
    test('has one winner of sixteen, and one entry in the audit', async () => {
      const w = world();
      const owner = await w.addOwner();
      const { sessionId: id } = await w.logIn(owner);
      const { endSession } = w.useCases.sessions;
      const ends = await times(RACERS, () => endOf(endSession.execute(root, { id })));
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect(ends.filter((end) => end instanceof NotFound)).toHaveLength(RACERS - 1);
    });

    test('and of all of them, that sixteen ask for at once, leaves none open', async () => {
      const w = world();
      const owner = await w.addOwner();
      const logins = await times(RACERS, () => open(owner));
      const { logOut } = w.useCases.sessions;
      const ends = await times(RACERS, (racer) =>
        endOf(
          logOut.execute(asService(owner.service), {
            token: logins[racer]?.refresh ?? '',
            all: racer % 2 === 0,
          }),
        ),
      );
      expect(ends).toContain('done');
      for (const end of ends) if (end !== 'done') expect(end).toBeInstanceOf(InvalidToken);
      for (const { access } of logins) expect(await w.isLive(access)).toBe(false);
    });
  });
}
