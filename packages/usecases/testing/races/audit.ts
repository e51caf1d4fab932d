import { operator, type Service } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/index.ts';
import { START } from '../fixtures.ts';
import { asService, endOf, type Owner, type World } from '../world.ts';
import { type Track, times } from './track.ts';

export function auditRaces({ alone }: Track): void {
  const chainOf = async (w: World<Database>, { id }: Service) => {
    const reports = await w.useCases.audit.verifyAudit.execute(operator);
    return reports.find((report) => report.serviceId === id);
  };
  const prune = (w: World<Database>, before: number) =>
    w.useCases.audit.pruneAudit.execute(operator, { before });
  /** A service that was made as it should be, so that its chain begins as it should, and an owner there. */
  const seed = async (w: World<Database>): Promise<Owner> => {
    const { createServiceWithKey } = w.useCases.services;
    const made = { name: 'Audited', url: 'https://audited.example' };
    const { service } = await createServiceWithKey.execute(operator, made);
    return w.addOwner({}, { service });
  };

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
          expect(await chainOf(w, service)).toMatchObject({ length: 1 + 8, fault: null });
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
        expect(pruned[0]! + pruned[1]!).toBe(5);
        const whole = { length: 9, pruned: 5, fault: null };
        expect(await chainOf(w, owner.service)).toMatchObject(whole);
        expect(await prune(w, START + 1000)).toBe(0);
      });
    });

    test('goes on where it was after it has lost all', async () => {
      await alone(async (w) => {
        const owner = await seed(w);
        expect(await prune(w, START + 1)).toBe(1);
        const bare = { length: 1, pruned: 1, fault: null };
        expect(await chainOf(w, owner.service)).toMatchObject(bare);
        await w.logIn(owner);
        expect(await chainOf(w, owner.service)).toMatchObject({ ...bare, length: 2 });
      });
    });

    test('keeps an old entry that comes after a young one', async () => {
      await alone(async (w) => {
        const owner = await seed(w);
        w.clock.set(START + 1000);
        await w.logIn(owner);
        w.clock.set(START);
        await w.logIn(owner);
        expect(await prune(w, START + 1000)).toBe(1);
        const whole = { length: 3, pruned: 1, fault: null };
        expect(await chainOf(w, owner.service)).toMatchObject(whole);
      });
    });
  });
}
