import { InvalidCredentials, InvalidRevokeToken, isUsable, TooManyRequests } from '@rekey/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CreateKey } from '../src/create-key.ts';
import { Login } from '../src/login.ts';
import type { Database, Ports } from '../src/ports.ts';
import { RevokeUpdatePassword } from '../src/revoke-update-password.ts';
import { UpdatePassword } from '../src/update-password.ts';
import type { OpenDatabase } from './contracts.ts';
import { foreignHash } from './fakes.ts';
import { ORIGIN } from './fixtures.ts';
import { endOf, gatedHasher, type Owner, PASSWORD, type World, world } from './world.ts';

const RACERS = 16;

/** Races of use cases, which a database must let nobody win twice. */
export function racesContract(name: string, open: () => Promise<OpenDatabase>): void {
  describe(`races on ${name}`, () => {
    let opened: OpenDatabase;
    let w: World<Database>;
    beforeAll(async () => {
      opened = await open();
      w = world(opened.database);
    });
    afterAll(() => opened.close());

    /** The ports of racers that have all proven the password before any goes on. */
    const portsOf = (racers: number) => ({ ...w, hasher: gatedHasher(w.hasher, racers) });
    const login = (ports: Ports, { user, service }: Owner) =>
      new Login(ports).execute({
        serviceId: service.id,
        email: user.email,
        password: PASSWORD,
        origin: ORIGIN,
        tokenForm: 'signed',
      });
    const times = <T>(count: number, run: (racer: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, racer) => run(racer)));

    test('of 32 wrong passwords at once the free ones are looked at, whether or not the account exists', async () => {
      const owner = await w.addOwner();
      const throttle = { ...w.settings.throttle, accountFree: 5 };
      const ports = { ...w, settings: { ...w.settings, throttle } };
      for (const email of [owner.user.email, `nobody-${owner.user.id}@example.com`]) {
        const before = w.hasher.work();
        const ends = await times(32, (racer) =>
          endOf(
            new Login(ports).execute({
              serviceId: owner.service.id,
              email,
              password: `wrong ${racer}`,
              origin: ORIGIN,
              tokenForm: 'signed',
            }),
          ),
        );
        expect(w.hasher.work() - before).toBe(5);
        expect(ends.filter((end) => end instanceof InvalidCredentials)).toHaveLength(5);
        expect(ends.filter((end) => end instanceof TooManyRequests)).toHaveLength(27);
      }
    });

    test('64 users who log in at once through one client are all let in', async () => {
      const service = await w.addService();
      const owners = await times(64, () => w.addOwner({}, { service }));
      const throttle = { accountFree: 5, clientPerMinute: 300, changesPerHour: 10 };
      const ports = { ...w, settings: { ...w.settings, throttle } };
      const ends = await Promise.all(owners.map((owner) => endOf(login(ports, owner))));
      expect(ends.filter((end) => end !== 'done')).toEqual([]);
    });

    test('of many changes with one old password one wins, and owes one mail', async () => {
      const owner = await w.addOwner();
      const updatePassword = new UpdatePassword(portsOf(RACERS));
      const ends = await times(RACERS, (racer) =>
        endOf(updatePassword.execute(w.change(owner, { newPassword: `password ${racer}` }))),
      );
      const losers = ends.filter((end) => end !== 'done');
      expect(losers).toHaveLength(RACERS - 1);
      for (const end of losers) expect(end).toBeInstanceOf(InvalidCredentials);

      const credential = await w.credentialOf(owner.user);
      expect(credential?.version).toBe(2);
      const winner = `password ${ends.indexOf('done')}`;
      expect(await w.hasher.verify(winner, credential?.passwordHash ?? null)).toBe(true);
      const before = w.mailer.sent.length;
      await w.deliver();
      expect(w.mailer.sent.slice(before).map(({ to }) => to.address)).toEqual([owner.user.email]);
    });

    test('no session of logins that race a change survives it', async () => {
      const owner = await w.addOwner();
      const ports = portsOf(RACERS);
      const updatePassword = new UpdatePassword(ports);
      const changing = endOf(updatePassword.execute(w.change(owner)));
      const logins = await times(RACERS - 1, () =>
        login(ports, owner).then(
          ({ access }) => access.token,
          (error: unknown) => error,
        ),
      );
      expect(await changing).toBe('done');
      for (const token of logins) {
        if (typeof token === 'string') expect(await w.isLive(token)).toBe(false);
        else expect(token).toBeInstanceOf(InvalidCredentials);
      }
    });

    test('no session of logins that race a shutdown survives it', async () => {
      const owner = await w.addOwner();
      const token = await w.changeAndReadMail(owner, { newPassword: 'another one' });
      const claim = { serviceId: owner.service.id, email: owner.user.email, origin: ORIGIN };
      const loginUseCase = new Login(portsOf(RACERS));
      const revoking = (async () => {
        // Through the gate with the logins, as the last one that has to get there.
        await loginUseCase
          .execute({ ...claim, password: 'wrong', tokenForm: 'signed' })
          .catch(() => undefined);
        return new RevokeUpdatePassword(w).execute({ token, presentedBy: owner.service.id });
      })();
      const logins = await times(RACERS - 1, () =>
        loginUseCase.execute({ ...claim, password: 'another one', tokenForm: 'signed' }).then(
          ({ access }) => access.token,
          (error: unknown) => error,
        ),
      );
      await revoking;
      for (const end of logins) {
        if (typeof end === 'string') expect(await w.isLive(end)).toBe(false);
        else expect(end).toBeInstanceOf(InvalidCredentials);
      }
    });

    test('of sixteen that present one revoke token one wins', async () => {
      const owner = await w.addOwner();
      const token = await w.changeAndReadMail(owner);
      const revoke = new RevokeUpdatePassword(w);
      const ends = await times(16, () =>
        endOf(revoke.execute({ token, presentedBy: owner.service.id })),
      );
      const losers = ends.filter((end) => end !== 'done');
      expect(losers).toHaveLength(15);
      for (const end of losers) expect(end).toBeInstanceOf(InvalidRevokeToken);
      expect(await w.credentialOf(owner.user)).toEqual({
        passwordHash: null,
        version: 3,
        sealedQuality: null,
      });
    });

    test('of all revoke tokens of one user that are presented at once one wins', async () => {
      const owner = await w.addOwner();
      const passwords = [PASSWORD, 'second one', 'third one', 'fourth one', 'fifth one'];
      const tokens: string[] = [];
      for (const [index, newPassword] of passwords.slice(1).entries()) {
        const password = passwords[index] ?? '';
        tokens.push(await w.changeAndReadMail(owner, { password, newPassword }));
      }
      const revoke = new RevokeUpdatePassword(w);
      const ends = await Promise.all(
        tokens.map((token) => endOf(revoke.execute({ token, presentedBy: owner.service.id }))),
      );
      expect(ends.filter((end) => end === 'done')).toHaveLength(1);
    });

    test('a shutdown that races key creations leaves no usable key', async () => {
      for (const revokesFirst of [true, false]) {
        const owner = await w.addOwner();
        const token = await w.changeAndReadMail(owner);
        const { service, user } = owner;
        const createKey = new CreateKey(w);
        const revoke = () =>
          new RevokeUpdatePassword(w).execute({ token, presentedBy: service.id });
        const revoking = revokesFirst ? revoke() : undefined;
        const creations = Array.from({ length: 8 }, (_, racer) =>
          createKey
            .execute({
              service,
              isEnabled: true,
              type: 'KEY',
              name: `key ${racer}`,
              userId: user.id,
            })
            .then(
              ({ key }) => key.id,
              () => null,
            ),
        );
        await (revoking ?? revoke());
        for (const id of await Promise.all(creations)) {
          if (id === null) continue;
          const key = await w.database.read(({ keys }) => keys.get(id));
          expect(key && isUsable(key)).toBe(false);
        }
        expect(await w.database.read(({ keys }) => keys.findToken(user.id, service.id))).toBeNull();
      }
    });

    test('a change that races a shutdown cannot outlive it', async () => {
      const owner = await w.addOwner();
      const token = await w.changeAndReadMail(owner, { newPassword: 'stolen one' });
      const presentedBy = owner.service.id;
      const changing = endOf(
        new UpdatePassword(w).execute(
          w.change(owner, { password: 'stolen one', newPassword: 'kept by a thief' }),
        ),
      );
      await new RevokeUpdatePassword(w).execute({ token, presentedBy });
      await changing;
      expect((await w.credentialOf(owner.user))?.passwordHash).toBeNull();
      const user = await w.database.read(({ users }) => users.get(owner.user.id));
      expect(user?.isEnabled).toBe(false);
    });

    test('logins at the same time all succeed while a foreign hash is replaced', async () => {
      const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
      const ports = portsOf(RACERS);
      const outputs = await times(RACERS, () => login(ports, owner));
      for (const { access } of outputs) expect(await w.isLive(access.token)).toBe(true);
      const credential = await w.credentialOf(owner.user);
      expect(credential?.version).toBe(1);
      expect(w.hasher.isCurrent(credential?.passwordHash ?? '')).toBe(true);
    });

    test('a change that races the replacement of a foreign hash wins', async () => {
      const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
      const ports = portsOf(2);
      const updatePassword = new UpdatePassword(ports);
      const ends = await Promise.all([
        endOf(login(ports, owner)),
        endOf(updatePassword.execute(w.change(owner))),
      ]);
      expect(ends[1]).toBe('done');
      const { newPassword } = w.change(owner);
      const credential = await w.credentialOf(owner.user);
      expect(await w.hasher.verify(newPassword, credential?.passwordHash ?? null)).toBe(true);
    });
  });
}
