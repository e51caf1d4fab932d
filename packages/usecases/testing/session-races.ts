import { InvalidCredentials, InvalidToken, isUsable } from '@rekey/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Login } from '../src/login.ts';
import type { Database } from '../src/ports.ts';
import { RefreshToken } from '../src/refresh-token.ts';
import { RevokeKey } from '../src/revoke-key.ts';
import { RevokeToken } from '../src/revoke-token.ts';
import { RevokeUpdatePassword } from '../src/revoke-update-password.ts';
import { UpdatePassword } from '../src/update-password.ts';
import { VerifyTotp } from '../src/verify-totp.ts';
import type { OpenDatabase } from './contracts.ts';
import { ORIGIN } from './fixtures.ts';
import { gate } from './gate.ts';
import { endOf, keyValue, type Owner, PASSWORD, type World, world } from './world.ts';

/** Races for sessions, keys and codes, which a database must let nobody win twice. */
export function sessionRacesContract(name: string, open: () => Promise<OpenDatabase>): void {
  describe(`races for sessions on ${name}`, () => {
    let opened: OpenDatabase;
    let w: World<Database>;
    beforeAll(async () => {
      opened = await open();
      w = world(opened.database);
    });
    afterAll(() => opened.close());

    const logIn = async ({ user, service }: Owner) => {
      const claim = { serviceId: service.id, email: user.email, password: PASSWORD };
      const output = await new Login(w).execute({ ...claim, origin: ORIGIN, tokenForm: 'signed' });
      return { access: output.access.token, refresh: output.refresh?.token ?? '' };
    };
    const times = <T>(count: number, run: (racer: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, racer) => run(racer)));

    /** The database, but that nobody who has looked goes on before all have got there. */
    const looking = (allIn: () => Promise<void>): Database => ({
      ...w.database,
      read: async (work) => {
        const found = await w.database.read(work);
        await allIn();
        return found;
      },
    });

    /** What refreshing ends in: the new tokens, or the error. */
    const refreshing = (allIn: () => Promise<void>, { service }: Owner) => {
      const refreshToken = new RefreshToken({ ...w, database: looking(allIn) });
      return (token: string) =>
        refreshToken.execute({ serviceId: service.id, token }).then(
          ({ access, refresh }) => ({ access: access.token, refresh: refresh.token }),
          (error: unknown) => error,
        );
    };

    /** Whether any of these tokens, or of those that a refresh ended in, is good for anything. */
    async function expectDead(owner: Owner, ends: readonly unknown[]): Promise<void> {
      const serviceId = owner.service.id;
      for (const end of ends) {
        if (end instanceof Error) expect(end).toBeInstanceOf(InvalidToken);
        else {
          const { access, refresh } = end as { access: string; refresh: string };
          expect(await w.isLive(access)).toBe(false);
          const again = new RefreshToken(w).execute({ serviceId, token: refresh });
          expect(await endOf(again)).toBeInstanceOf(InvalidToken);
        }
      }
    }

    test('of sixteen that refresh with one token one wins, and the session ends for all', async () => {
      const owner = await w.addOwner();
      const { access, refresh } = await logIn(owner);
      const refreshWith = refreshing(gate(16), owner);
      const ends = await times(16, () => refreshWith(refresh));
      expect(ends.filter((end) => end instanceof InvalidToken)).toHaveLength(15);
      await expectDead(owner, [...ends, { access, refresh }]);
    });

    test('no token of refreshes that race a change survives it', async () => {
      const owner = await w.addOwner();
      const logins = await times(8, () => logIn(owner));
      const allIn = gate(9);
      const refreshWith = refreshing(allIn, owner);
      const hasher = {
        ...w.hasher,
        hash: async (password: string) => {
          await allIn();
          return w.hasher.hash(password);
        },
      };
      const changing = endOf(new UpdatePassword({ ...w, hasher }).execute(w.change(owner)));
      const ends = await Promise.all(logins.map(({ refresh }) => refreshWith(refresh)));
      expect(await changing).toBe('done');
      await expectDead(owner, [...ends, ...logins]);
    });

    test('no token of refreshes that race a shutdown survives it', async () => {
      const owner = await w.addOwner();
      const change = w.change(owner, { newPassword: 'another one' });
      const token = await w.changeAndReadMail(owner, change);
      const claim = { serviceId: owner.service.id, email: owner.user.email, origin: ORIGIN };
      const logins = await times(8, async () => {
        const password = 'another one';
        const output = await new Login(w).execute({ ...claim, password, tokenForm: 'signed' });
        return { access: output.access.token, refresh: output.refresh?.token ?? '' };
      });
      const allIn = gate(9);
      const refreshWith = refreshing(allIn, owner);
      const shutting = allIn().then(() =>
        new RevokeUpdatePassword(w).execute({ token, presentedBy: owner.service.id }),
      );
      const ends = await Promise.all(logins.map(({ refresh }) => refreshWith(refresh)));
      await shutting;
      await expectDead(owner, [...ends, ...logins]);
    });

    test('no token of refreshes that race a revocation survives it', async () => {
      const owner = await w.addOwner();
      const logins = await times(8, () => logIn(owner));
      const allIn = gate(9);
      const refreshWith = refreshing(allIn, owner);
      const serviceId = owner.service.id;
      const token = logins[0]?.access ?? '';
      const revoking = allIn().then(() => new RevokeToken(w).execute({ serviceId, token }));
      const ends = await Promise.all(logins.map(({ refresh }) => refreshWith(refresh)));
      await revoking;
      await expectDead(owner, [...ends, ...logins]);
      const key = await w.database.read(({ keys }) => keys.get(owner.tokenKey.id));
      expect(key && isUsable(key)).toBe(false);
    });

    test('of sixteen that revoke tokens of one key one wins', async () => {
      const owner = await w.addOwner();
      const logins = await times(16, () => logIn(owner));
      const allIn = gate(16);
      const serviceId = owner.service.id;
      const revokeToken = new RevokeToken({ ...w, database: looking(allIn) });
      const ends = await times(16, (racer) =>
        endOf(revokeToken.execute({ serviceId, token: logins[racer]?.refresh ?? '' })),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect(ends.filter((end) => end instanceof InvalidToken)).toHaveLength(15);
      await expectDead(owner, logins);
    });

    test('logins that race the end of their key leave no session open', async () => {
      const owner = await w.addOwner();
      const allIn = gate(9);
      const hasher = {
        ...w.hasher,
        verify: async (password: string, hash: string | null) => {
          const isRight = await w.hasher.verify(password, hash);
          await allIn();
          return isRight;
        },
      };
      const claim = { serviceId: owner.service.id, email: owner.user.email, origin: ORIGIN };
      const login = new Login({ ...w, hasher });
      const revoking = allIn().then(() =>
        new RevokeKey(w).execute({ serviceId: owner.service.id, value: keyValue(owner.tokenKey) }),
      );
      const ends = await times(8, () =>
        login.execute({ ...claim, password: PASSWORD, tokenForm: 'signed' }).then(
          ({ access }) => access.token,
          (error: unknown) => error,
        ),
      );
      await revoking;
      for (const end of ends) {
        if (typeof end !== 'string') expect(end).toBeInstanceOf(InvalidCredentials);
        else {
          const { sessionId = '' } = (await w.accessTokens.verify(end)) ?? {};
          expect(await w.database.read(({ sessions }) => sessions.findOpen(sessionId))).toBeNull();
        }
      }
    });

    test('of sixteen that present one code one wins', async () => {
      const owner = await w.addOwner();
      const { user, service } = owner;
      const { seed } = await w.addTotp(owner);
      const verifyTotp = new VerifyTotp({ ...w, database: looking(gate(16)) });
      const code = w.totp.codeAt(seed, w.clock.now());
      const asked = { serviceId: service.id, userId: user.id, code, origin: ORIGIN };
      const ends = await times(16, () => endOf(verifyTotp.execute(asked)));
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
      expect(ends.filter((end) => end instanceof InvalidCredentials)).toHaveLength(15);
    });
  });
}
