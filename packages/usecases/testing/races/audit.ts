import { operator, type Service } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Database, useCases } from '../../src/index.ts';
import { START } from '../fixtures.ts';
import { asService, endOf, type Owner, PASSWORD, type World } from '../world.ts';
import { RACERS, type Track, times } from './track.ts';

export function auditRaces({ alone }: Track): void {
  const chainOf = async (w: World<Database>, { id }: Service) => {
    const reports = await w.useCases.audit.verifyAudit.execute(operator);
    return reports.find((report) => report.serviceId === id);
  };
  const prune = (w: World<Database>, before: number) =>
    w.useCases.audit.pruneAudit.execute(operator, { before });
  /** An owner, and a service, that were made as they should be: with entries in chains that were announced. */
  const seed = async (w: World<Database>): Promise<Owner> => {
    const { services, users, keys, audit } = w.useCases;
    await audit.beginAudit.execute(operator);
    const made = { name: 'Audited', url: 'https://audited.example' };
    const { service } = await services.createServiceWithKey.execute(operator, made);
    const by = asService(service);
    const email = `owner@${service.id}.example`;
    const person = { isEnabled: true, name: 'Ada', email, password: PASSWORD };
    const { user } = await users.createUser.execute(by, person);
    const of = { isEnabled: true, type: 'TOKEN', name: 'web', userId: user.id } as const;
    const { key: tokenKey } = await keys.createKey.execute(by, of);
    return { user, service, tokenKey };
  };
  /** Entries that `seed` leaves in the chain of the service. */
  const SEEDED = 3;

  describe('the audit', () => {
    test('is whole after logins, failures and changes at several services at once', async () => {
      await alone(async (w) => {
        const owners = [await seed(w), await seed(w), await seed(w)];
        const { updatePassword } = w.useCases.passwords;
        const act = (owner: Owner, racer: number) =>
          racer === 0
            ? updatePassword.execute(asService(owner.service), w.change(owner))
            : w.logIn(owner, racer % 2 === 0 ? 'wrong' : undefined);
        await Promise.all(owners.flatMap((owner) => times(8, (racer) => endOf(act(owner, racer)))));
        for (const { service } of owners) {
          expect(await chainOf(w, service)).toMatchObject({ length: SEEDED + 8, fault: null });
        }
      });
    });

    test('is whole while several prune it and logins go on, and loses nothing that is young', async () => {
      await alone(async (w) => {
        const owner = await seed(w);
        for (let i = 0; i < 4; i += 1) await w.logIn(owner);
        w.clock.set(START + 1000);
        const logins = times(4, () => w.logIn(owner));
        const pruned = await times(2, () => prune(w, START + 1000));
        await logins;
        // And the two of the operator.
        expect(pruned[0]! + pruned[1]!).toBe(SEEDED + 4 + 2);
        const whole = { length: SEEDED + 8, pruned: SEEDED + 4, fault: null };
        expect(await chainOf(w, owner.service)).toMatchObject(whole);
        expect(await prune(w, START + 1000)).toBe(0);
      });
    });

    test('goes on where it was after it has lost all', async () => {
      await alone(async (w) => {
        const owner = await seed(w);
        w.clock.set(START + 1);
        expect(await prune(w, START + 1)).toBe(SEEDED + 2);
        const bare = { length: SEEDED, pruned: SEEDED, fault: null };
        expect(await chainOf(w, owner.service)).toMatchObject(bare);
        await w.logIn(owner);
        expect(await chainOf(w, owner.service)).toMatchObject({ ...bare, length: SEEDED + 1 });
      });
    });

    test('keeps an old entry that comes after a young one', async () => {
      await alone(async (w) => {
        const owner = await seed(w);
        w.clock.set(START + 1000);
        await w.logIn(owner);
        w.clock.set(START);
        await w.logIn(owner);
        w.clock.set(START + 1000);
        expect(await prune(w, START + 1000)).toBe(SEEDED + 2);
        const whole = { length: SEEDED + 2, pruned: SEEDED, fault: null };
        expect(await chainOf(w, owner.service)).toMatchObject(whole);
      });
    });

    test('has each amendment once, of many that come at once, and no more of an entry than it may have', async () => {
      await alone(async (w) => {
        const { service } = await seed(w);
        const by = asService(service);
        const { createAuditEntry, amendAuditEntry, readAuditEntry } = w.useCases.audit;
        const { id } = await createAuditEntry.execute(by, { type: 'shop:Step' });
        const amend = (racer: number) =>
          endOf(
            amendAuditEntry.execute(by, { id, statusCode: racer, data: { [racer % 24]: racer } }),
          );
        const ends = await times(48, amend);
        const { data, statusCode } = await readAuditEntry.execute(by, { id });
        expect(Object.keys(data ?? {})).toHaveLength(20);
        expect(statusCode).not.toBeNull();
        expect(ends.filter((end) => end === 'done').length).toBeGreaterThanOrEqual(20);
        const whole = { length: SEEDED + 1 + 20, fault: null };
        expect(await chainOf(w, service)).toMatchObject(whole);
      });
    });

    test('keeps no word of a user who is deleted while logins fail and entries are written', async () => {
      await alone(async (w) => {
        const { user, service } = await seed(w);
        const by = asService(service);
        const { createAuditEntry } = w.useCases.audit;
        const write = () =>
          createAuditEntry.execute(by, { type: 'shop:Step', subject: 'Ada', userId: user.id });
        const written = times(8, () => endOf(write()));
        const failed = times(8, () => endOf(w.logIn({ user, service }, 'wrong')));
        await w.useCases.users.deleteUser.execute(by, { id: user.id });
        await Promise.all([written, failed]);
        const entries = await w.database.read(({ audit }) => audit.follow(service.id, 0, 1000));
        const about = entries.filter(
          ({ userId, type }) => userId === user.id && type !== 'sso:UserDelete',
        );
        expect(about.length).toBeGreaterThan(0);
        for (const { subject, data, origin, salt } of about) {
          expect({ subject, data, origin, salt }).toEqual({
            subject: null,
            data: null,
            origin: null,
            salt: null,
          });
        }
        expect(await chainOf(w, service)).toMatchObject({ fault: null });
      });
    });

    test('begins once, however many servers start at once', async () => {
      await alone(async (w) => {
        const { services, audit } = w.useCases;
        const start = async () => {
          await audit.beginAudit.execute(operator);
          await services.openFormService.execute(operator);
        };
        await times(RACERS, start);
        const reports = await audit.verifyAudit.execute(operator);
        expect(reports).toMatchObject([
          { serviceId: null, length: 2, fault: null },
          { length: 1, fault: null },
        ]);
      });
    });

    test('has each failure that was summed once, however many servers record the sums at once', async () => {
      await alone(async (w) => {
        const { service } = await seed(w);
        // A server whose clock is behind: what fails there is in a minute that is over for the others.
        const { sessions } = useCases({ ...w, clock: { now: () => START } });
        const fail = (racer: number) =>
          endOf(
            sessions.login.execute(
              asService(service, { address: `192.0.2.${racer}`, client: null }),
              {
                email: `nobody-${racer}@example.com`,
                password: PASSWORD,
              },
            ),
          );
        await times(64, fail);
        w.clock.set(START + 60_000);
        const { recordSums } = w.useCases.audit;
        const late = times(RACERS, fail);
        await times(RACERS, () => recordSums.execute(operator));
        await late;
        await recordSums.execute(operator);
        const chain = await w.database.read(({ audit }) => audit.follow(service.id, SEEDED, 1000));
        const total = chain.reduce((sum, { count }) => sum + count, 0);
        expect(total).toBe(64 + RACERS);
        expect(await chainOf(w, service)).toMatchObject({ fault: null });
      });
    });
  });
}
