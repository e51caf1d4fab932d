import { describe, expect, test } from 'vitest';
import { authenticator } from '../../packages/adapters-webauthn/test/authenticator.ts';
import type { Mischief } from '../../packages/usecases/testing/index.ts';
import { aFolder, call, createService, startServer } from '../harness.ts';

const ORIGIN = 'https://app.example.com';
const PASSWORD = 'correct horse';

/** A real server, and a software authenticator at a page of the accepted origin. */
async function aServer() {
  const folder = aFolder();
  const server = await startServer(folder, { WEBAUTHN_ORIGINS: ORIGIN });
  const form = (path: string, fields: Record<string, string>, token?: string) =>
    call(server, 'POST', `/users/${path}`, {
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: new URLSearchParams(fields).toString(),
    });
  return { folder, server, form, device: authenticator(ORIGIN) };
}

describe('passkeys of a real server', () => {
  test.each([-7, -257, -8])(
    'with the algorithm %i, in the form dialect, work once each, and by none of the holes of orion users',
    async (alg) => {
      const { form, device } = await aServer();
      const email = 'orion@example.com';
      await form('create', { name: 'Orion', email, password: PASSWORD });
      await form('create', { name: 'Eve', email: 'eve@example.com', password: PASSWORD });
      const tokenOf = async (who: string) =>
        (await form('login', { email: who, password: PASSWORD })).body.token;
      const [token, eve] = [await tokenOf(email), await tokenOf('eve@example.com')];

      const ask = async () =>
        (await form('webauthn/register/start', { email }, token)).body.options;
      const finish = (response: string, by: string | undefined = token) =>
        form('webauthn/register/finish', { email, origin: ORIGIN, response }, by);
      // Without a login, and by somebody else.
      expect((await form('webauthn/register/start', { email })).status).toBe(401);
      expect((await form('webauthn/register/start', { email }, eve)).status).toBe(403);
      const made = JSON.stringify(await device.create(await ask(), { alg }));
      const anonymous = { email, origin: ORIGIN, response: made };
      expect((await form('webauthn/register/finish', anonymous)).status).toBe(401);
      expect((await finish(made, eve)).status).toBe(403);
      // Any text, a foreign page, a foreign domain, nobody present.
      expect((await finish('any text')).status).toBe(400);
      const stranger = authenticator(ORIGIN);
      const faults: Mischief[] = [
        { origin: 'https://evil.example' },
        { rpId: 'evil.example' },
        { isPresent: false },
        { challenge: 'AAAA' },
      ];
      for (const fault of faults) {
        const forged = JSON.stringify(await stranger.create(await ask(), fault));
        expect((await finish(forged)).status, JSON.stringify(fault)).toBe(400);
      }
      expect((await finish(made)).body).toEqual({ success: true, message: 'Passkey added' });
      expect((await finish(made)).status).toBe(400);

      const start = async (fields: Record<string, string> = { email }) =>
        (await form('webauthn/authenticate/start', fields)).body.options;
      const enter = async (response: object, fields: Record<string, string> = { email }) =>
        form('webauthn/authenticate/finish', { ...fields, response: JSON.stringify(response) });
      const good = await device.get(await start());
      const wrongs = [
        await enter({}),
        await enter(good, { email: 'eve@example.com' }),
        await enter(good, { email: 'nobody@example.com' }),
        await enter(await device.get(await start(), { isForged: true })),
        await enter(await device.get(await start(), { origin: 'https://evil.example' })),
        await enter(await device.get(await start(), { rpId: 'evil.example' })),
        await enter(await device.get(await start({ email: 'eve@example.com' }))),
      ];
      for (const { status, body } of wrongs) {
        expect([status, body.code, body.detail]).toEqual([
          401,
          'invalid_credentials',
          'this passkey does not log in here',
        ]);
      }
      const login = await enter(good);
      expect([login.status, login.body.user.email]).toEqual([200, email]);
      expect((await enter(good)).status).toBe(401);
      expect((await enter(await device.get(await start({})), {})).status).toBe(200);
      // Unknown accounts are asked for passkeys too, the same each time.
      const [first, second] = [
        await start({ email: 'nobody@example.com' }),
        await start({ email: 'nobody@example.com' }),
      ];
      expect(first.allowCredentials.length).toBeGreaterThan(0);
      expect(second.allowCredentials).toEqual(first.allowCredentials);
    },
  );

  test('in the JSON dialect are relayed by a backend, and a copy is found out', async () => {
    const { folder, server, device } = await aServer();
    const { key } = await createService(folder);
    const email = 'ada@example.com';
    const post = (path: string, body: object, more: Record<string, string> = {}) =>
      call(server, 'POST', `/v1/${path}`, {
        headers: { authorization: key.value, 'content-type': 'application/json', ...more },
        body: JSON.stringify(body),
      });
    await post('user', { name: 'Ada', email, password: PASSWORD, token_key: true });
    const login = await post('auth/provider/local/login', { email, password: PASSWORD });
    const user = { 'user-authorization': `token ${login.body.access.token}` };
    const at = 'auth/webauthn';
    expect((await post(`${at}/register/start`, { email })).status).toBe(403);
    const { options } = (await post(`${at}/register/start`, { email }, user)).body;
    const response = await device.create(options, { counter: 7 });
    const added = await post(
      `${at}/register/finish`,
      { email, response, device_name: 'Key' },
      user,
    );
    expect(added.body.data).toMatchObject({ name: 'Key', is_user_verified: true });

    const enter = async (mischief?: Mischief) => {
      const asked = (await post(`${at}/authenticate/start`, { email })).body.options;
      const shown = await device.get(asked, mischief);
      return post(`${at}/authenticate/finish`, { email, response: shown });
    };
    const entered = await enter();
    expect(entered.status).toBe(200);
    const verified = await post('auth/token/verify', { token: entered.body.access.token });
    expect(verified.body.user.email).toBe(email);
    expect((await enter({ counter: 8 })).body.code).toBe('invalid_credentials');
    expect((await enter({ counter: 100 })).status).toBe(200);
  });
});
