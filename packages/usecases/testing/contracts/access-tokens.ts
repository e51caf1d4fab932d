import { formServiceId, type Grant } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import type { AccessTokens } from '../../src/ports/index.ts';
import type { FakeClock } from '../fakes/clock.ts';
import { aService, aSession, aUser, START } from '../fixtures.ts';
import { forgeries } from './forgeries.ts';

type OpenAccessTokens = {
  readonly accessTokens: AccessTokens;
  /** The clock that the tokens go by. */
  readonly clock: FakeClock;
};

export function accessTokensContract(name: string, open: () => Promise<OpenAccessTokens>): void {
  describe(`the access tokens of ${name}`, () => {
    const service = aService();
    const user = aUser({ createdBy: service.id });
    const session = aSession({ userId: user.id, serviceId: service.id, keyId: '' });
    const grant: Grant = { sessionId: session.id, userId: user.id, serviceId: service.id };
    const personal: Grant = { ...grant, serviceId: formServiceId };
    const forms = ['for a service', 'for a person'] as const;
    /** A grant, and a token of it. */
    const grantOf = (form: (typeof forms)[number]) => (form === 'for a service' ? grant : personal);
    const issue = (from: AccessTokens, form: (typeof forms)[number]) =>
      form === 'for a service'
        ? from.issue(grant)
        : from.issue(personal, { email: user.email, roles: ['user'] });
    let accessTokens: AccessTokens;
    let clock: FakeClock;
    let stranger: AccessTokens;
    beforeAll(async () => {
      ({ accessTokens, clock } = await open());
      ({ accessTokens: stranger } = await open());
    });

    test.each(forms)('stand for their grant and nothing else: %s', async (form) => {
      const { token, expiresAt } = await issue(accessTokens, form);
      expect(await accessTokens.verify(token)).toEqual({ ...grantOf(form), expiresAt });
    });

    test.each(forms)('expire on a whole second, and not before: %s', async (form) => {
      // In the middle of a second, so that the end is not whole by chance.
      clock.set(START + 1700);
      const { token, expiresAt } = await issue(accessTokens, form);
      expect(expiresAt % 1000).toBe(0);
      expect(expiresAt).toBeGreaterThan(clock.now());
      clock.set(expiresAt - 1);
      expect(await accessTokens.verify(token)).toMatchObject(grantOf(form));
      clock.set(expiresAt);
      expect(await accessTokens.verify(token)).toBeNull();
      clock.set(START);
    });

    test.each(forms)('of somebody else are worth nothing: %s', async (form) => {
      const { token } = await issue(stranger, form);
      expect(await stranger.verify(token)).toMatchObject(grantOf(form));
      expect(await accessTokens.verify(token)).toBeNull();
    });

    test.each(forms)('are worth nothing once they are touched: %s', async (form) => {
      const { token } = await issue(accessTokens, form);
      for (const other of [...forgeries(token), token.slice(0, -4), `${token}.`, ` ${token}`]) {
        expect(await accessTokens.verify(other), other).toBeNull();
      }
    });

    test.each([
      '',
      'token',
      '..',
      '....',
      'a.b.c',
      'a.b.c.d.e',
      // {"alg":"none"}, with a grant that would never expire.
      'eyJhbGciOiJub25lIn0.eyJleHAiOjk5OTk5OTk5OTl9.',
      '🦉',
      '\0',
    ])('are nothing that was not issued here: %j', async (token) => {
      expect(await accessTokens.verify(token)).toBeNull();
    });
  });
}
