import { describe, expect, test } from 'vitest';
import type { ImportState } from '../../src/ports/index.ts';
import { aKey, anEvent, anId, aOneTimeToken, aUser, START } from '../fixtures.ts';
import type { Opened } from './opened.ts';

const NOW = START;

export function importsContract({ write, read, seed }: Opened): void {
  describe('an import', () => {
    test('finds the users who have one of some ids or addresses', async () => {
      const [a, b, c] = [await seed(), await seed(), await seed()];
      const find = (ids: string[], emails: string[]) =>
        read(({ imports }) => imports.usersWith(ids, emails));
      const places = (users: { id: string }[]) => new Set(users.map(({ id }) => id));
      const found = await find([a.user.id, anId()], [b.user.email, 'nobody@example.com']);
      expect(places(found)).toEqual(new Set([a.user.id, b.user.id]));
      expect(found).toContainEqual({ id: b.user.id, email: b.user.email });
      expect(await find([anId()], [])).toEqual([]);
      expect(await find([], [])).toEqual([]);
      const many = Array.from({ length: 150 }, anId);
      expect(places(await find([...many, c.user.id], []))).toEqual(new Set([c.user.id]));
    });

    test('finds the addresses that an owner can still take back', async () => {
      const { user, service } = await seed();
      const address = (name: string) => `${name}-${user.id}@example.com`;
      const right = (details: Parameters<typeof aOneTimeToken>[0]) =>
        write(({ oneTimeTokens }) => oneTimeTokens.insert(aOneTimeToken(details)));
      const of = { userId: user.id, serviceId: service.id, expiresAt: NOW + 2 };
      await right({ ...of, purpose: 'update_email', email: address('old') });
      await right({ ...of, purpose: 'update_email', email: address('over'), expiresAt: NOW });
      await right({ ...of, purpose: 'update_password', email: address('same') });
      const locked = await seed();
      await write(({ users }) =>
        users.lockOut(locked.user.id, NOW, { serviceId: null, recoverTo: address('locked') }),
      );
      const asked = ['old', 'over', 'same', 'locked', 'none'].map(address);
      const found = await read(({ imports }) => imports.reserved(asked, NOW));
      expect(new Set(found)).toEqual(new Set([address('old'), address('locked')]));
    });

    test('finds the keys that have one of some ids or values, also the value before a rotation', async () => {
      const { user, service } = await seed();
      const of = { userId: user.id, serviceId: service.id, type: 'KEY' } as const;
      const [a, b] = [aKey(of), aKey(of)];
      const digest = (name: string) => `${name}-${user.id}`;
      await write(async ({ keys }) => {
        await keys.insert(a, { digest: digest('a') });
        await keys.insert(b, { digest: digest('b') });
        const to = { secret: { digest: digest('new') }, prefix: null, overlapEndsAt: NOW + 1 };
        await keys.rotate(b.id, to, NOW);
      });
      const find = (ids: string[], digests: string[]) =>
        read(({ imports }) => imports.keysWith(ids, digests));
      const first = { id: a.id, digest: digest('a'), previousDigest: null };
      expect(await find([a.id], [])).toEqual([first]);
      expect(await find([], [digest('a')])).toEqual([first]);
      const rotated = { id: b.id, digest: digest('new'), previousDigest: digest('b') };
      expect(await find([anId()], [digest('b'), 'none'])).toEqual([rotated]);
    });

    test('adds many users and keys, whom services see as if they came one by one', async () => {
      const { service } = await seed();
      const other = (await seed()).service;
      const rows = Array.from({ length: 90 }, (_, index) => ({
        user: aUser({ createdBy: index % 3 === 0 ? null : service.id, name: `N${index}` }),
        passwordHash: index % 2 === 0 ? null : `hash ${index}`,
        idleSince: index === 1 ? NOW : null,
        attributes: index % 3 === 1 ? {} : { index },
      }));
      const keysOf = rows.flatMap(({ user }, index) => {
        const of = { userId: user.id, serviceId: other.id };
        const types = index === 0 ? (['TOKEN', 'KEY', 'TOTP'] as const) : (['TOTP'] as const);
        return types.map((type) => ({
          key: aKey({ ...of, type, scopes: ['a', 'b'] }),
          secret: { digest: anId(), ...(type === 'TOTP' && { sealed: 'sealed' }) },
        }));
      });
      await write(async ({ imports }) => {
        await imports.insertUsers(rows);
        await imports.insertKeys(keysOf);
      });
      await read(async ({ users, keys }) => {
        for (const [index, row] of rows.entries()) {
          const account = await users.findByEmail(row.user.email);
          expect(account?.user).toEqual(row.user);
          expect(account?.credential).toMatchObject({ passwordHash: row.passwordHash, version: 1 });
          const seen = await users.see(row.user.id, null);
          expect(seen?.user.attributes).toEqual(row.attributes);
          const byMaker = await users.see(row.user.id, service.id);
          expect(byMaker?.isVisible).toBe(row.user.createdBy === service.id);
          const byOther = await users.see(row.user.id, other.id);
          expect(byOther?.isVisible).toBe(index === 0);
        }
        for (const { key } of keysOf) expect(await keys.get(key.id)).toEqual(key);
        const digest = keysOf[0]?.secret.digest ?? '';
        expect((await keys.findByDigest(digest, NOW))?.key).toEqual(keysOf[0]?.key);
        const totp = keysOf.find(({ key }) => key.type === 'TOTP')?.key;
        const found = await keys.findTotp(totp?.userId ?? '', other.id, NOW);
        expect(found).toEqual({ id: totp?.id, sealed: 'sealed' });
      });
      const idle = await write(({ users }) => users.lockIdle(NOW + 1, 1000));
      expect(idle).toContain(rows[1]?.user.id);
      expect(idle).not.toContain(rows[2]?.user.id);
    });

    test('adds no user whose address or id is taken', async () => {
      const { user, service } = await seed();
      for (const taken of [{ email: user.email }, { id: user.id }]) {
        const row = { ...aUser({ createdBy: service.id }), ...taken };
        const adding = write(({ imports }) =>
          imports.insertUsers([{ user: row, passwordHash: null, idleSince: null, attributes: {} }]),
        );
        await expect(adding).rejects.toThrow();
      }
      expect(await read(({ users }) => users.get(user.id))).toEqual(user);
    });

    test('adds events', async () => {
      const { user, service } = await seed();
      const events = Array.from({ length: 21 }, () =>
        anEvent({ serviceId: service.id, userId: user.id }),
      );
      await write(({ imports }) => imports.insertEvents(events));
      const taken = await write(async ({ pending }) => {
        await pending.takeTurn({ isPatient: true });
        return pending.take(100);
      });
      expect(taken.events).toEqual(events);
    });

    test('has one state for each source until it is forgotten', async () => {
      const counts = { users: 1, services: 0, keys: 2, updated: 0, skipped: 0, refused: 3 };
      const state: ImportState = {
        source: 'contract',
        fingerprint: 'f',
        line: 100,
        counts,
        startedAt: START,
        updatedAt: START + 1,
      };
      const find = (source: string) => read(({ imports }) => imports.unfinished(source));
      expect(await find('contract')).toBeNull();
      await write(({ imports }) => imports.keepState(state));
      expect(await find('contract')).toEqual(state);
      const later = { ...state, fingerprint: 'g', line: 200, counts: { ...counts, users: 2 } };
      await write(({ imports }) => imports.keepState(later));
      expect(await find('contract')).toEqual(later);
      expect(await find('other')).toBeNull();
      await write(({ imports }) => imports.forget('contract'));
      expect(await find('contract')).toBeNull();
    });
  });
}
