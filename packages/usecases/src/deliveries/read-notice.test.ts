import { InvalidRevokeToken } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { endOf, ORIGIN, START, settings, type World, world } from '../testing/index.ts';
import { ReadPasswordChange } from './read-password-change.ts';
import { RevokeUpdatePassword } from './revoke-update-password.ts';

const EXPIRY = START + settings.revokeTokenTtl * 1000;

const read = (w: World, token: string) => new ReadPasswordChange(w).execute({ token });

async function aChangedPassword(localUrl: string | null = null) {
  const w = world();
  const service = await w.addService({ localUrl });
  const owner = await w.addOwner({ locale: 'de', timezone: 'Europe/Berlin' }, { service });
  const token = await w.changeAndReadMail(owner);
  return { w, owner, service, token };
}

describe('a revoke token', () => {
  test('tells who holds it what was changed, when and from where, and how the owner reads it', async () => {
    const { w, owner, service, token } = await aChangedPassword();
    w.clock.set(EXPIRY - 1);
    expect(await read(w, token)).toEqual({
      serviceName: service.name,
      email: owner.user.email,
      changedAt: START,
      origin: ORIGIN,
      locale: 'de',
      timezone: 'Europe/Berlin',
    });
  });

  test('tells it as often as it is asked, changes nothing, and stays good', async () => {
    const { w, service, token } = await aChangedPassword();
    const before = w.database.snapshot();
    expect(await read(w, token)).toEqual(await read(w, token));
    expect(w.database.snapshot()).toEqual(before);
    const revoke = new RevokeUpdatePassword(w).execute({ token, presentedBy: service.id });
    expect(await endOf(revoke)).toBe('done');
  });

  test('that the page would not take tells nothing, by one error', async () => {
    const { w, service, token } = await aChangedPassword();
    const elsewhere = await aChangedPassword('https://shop.example/account');
    const late = await aChangedPassword();
    late.w.clock.set(EXPIRY);
    const unknown = w.revokeTokens.make({ id: service.id, revokeKeyId: 'k1' });
    await new RevokeUpdatePassword(w).execute({ token, presentedBy: 'hosted' });
    const ends = [
      await endOf(read(w, token)),
      await endOf(read(late.w, late.token)),
      await endOf(read(elsewhere.w, elsewhere.token)),
      await endOf(read(w, unknown)),
      await endOf(read(w, 'no token')),
      await endOf(read(w, '')),
    ];
    for (const end of ends) {
      expect(end).toBeInstanceOf(InvalidRevokeToken);
      expect(end).toEqual(ends[0]);
    }
  });
});
