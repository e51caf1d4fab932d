import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formServiceId, operator } from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';
import { WrongUsage, withRekey } from './common.ts';

const orion = { name: 'Orion', email: 'orion@example.com', password: 'correct horse' };
const nobody = {
  kind: 'nobody',
  origin: { address: '192.0.2.7', client: 'curl/8.0' },
} as const;

let userId: string;
beforeEach(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-session-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  vi.stubEnv('BCRYPT_COST', '10');
  vi.stubEnv('THROTTLE_ACCOUNT_FREE', '1');
  await run(['init']);
  ({ id: userId } = await withRekey(async ({ users, services }) => {
    await services.openFormService.execute(operator);
    return users.signUp.execute(nobody, orion);
  }));
});

const logIn = (password = orion.password) =>
  withRekey(({ sessions }) => sessions.login.execute(nobody, { ...orion, password }));
const isLive = (token: string) =>
  withRekey(({ callers }: UseCases) =>
    callers.authenticateBearer.execute(nobody, { token }).then(
      () => true,
      () => false,
    ),
  );
const list = async (...args: string[]) =>
  JSON.parse(await outputOf('session', 'list', ...args, '--json')).sessions;

describe('rekey session', () => {
  test('lists what is open, of a user or at a service, as /v1/session has it', async () => {
    expect(await outputOf('session', 'list')).toBe('There are none.\n');
    await logIn();
    const [session, ...others] = await list();
    expect(others).toEqual([]);
    expect(session).toEqual({
      id: expect.any(String),
      created_at: expect.stringMatching(/Z$/),
      last_used_at: session.created_at,
      expires_at: expect.stringMatching(/Z$/),
      user_id: userId,
      service_id: formServiceId,
      key_id: expect.any(String),
      amr: ['pwd'],
      remote: '192.0.2.7',
      user_agent: 'curl/8.0',
    });
    for (const by of ['ORION@example.com', userId.toUpperCase()]) {
      expect(await list('--user', by)).toEqual([session]);
    }
    expect(await list('--service', formServiceId)).toEqual([session]);
    const { error } = await run(['session', 'list', '--service', userId]);
    expect(error?.message).toBe(`there is no service ${userId}`);
    const shown = await outputOf('session', 'list', '--limit', '1');
    expect(shown).toContain(session.id);
    expect(shown).toContain('192.0.2.7');
  });

  test('ends one of them, once', async () => {
    const { access } = await logIn();
    const { access: other } = await logIn();
    const [{ id }] = await list();
    expect(await outputOf('session', 'end', id)).toBe('1 session is over.\n');
    expect([await isLive(access.token), await isLive(other.token)]).toEqual([false, true]);
    expect((await run(['session', 'end', id])).error?.message).toBe(`no session ${id} is open`);
  });

  test('logs a user out everywhere, or of one service', async () => {
    const { access } = await logIn();
    await logIn();
    const of = ['session', 'end', '--all', '--user', orion.email];
    const { error } = await run([...of, '--service', userId]);
    expect(error?.message).toBe(`there is no service ${userId}`);
    expect(await isLive(access.token)).toBe(true);
    expect(JSON.parse(await outputOf(...of, '--json'))).toEqual({ ended: 2 });
    expect(await isLive(access.token)).toBe(false);
    expect(await outputOf(...of)).toBe('0 sessions are over.\n');
  });

  test('logs everybody out, or everybody at a service, once that is confirmed', async () => {
    const other = { ...orion, email: 'vega@example.com' };
    await withRekey(({ users }) => users.signUp.execute(nobody, other));
    const tokens = [];
    for (const { email } of [orion, orion, other]) {
      const { access } = await withRekey(({ sessions }) =>
        sessions.login.execute(nobody, { email, password: orion.password }),
      );
      tokens.push(access.token);
    }
    const everybody = ['session', 'end', '--all', '--yes', '--json'];
    expect(JSON.parse(await outputOf(...everybody, '--service', formServiceId))).toEqual({
      ended: 3,
    });
    for (const token of tokens) expect(await isLive(token)).toBe(false);
    await logIn();
    expect(JSON.parse(await outputOf(...everybody))).toEqual({ ended: 1 });
  });

  test.each([
    [['end']],
    [['end', '--all']],
    [['end', '--all', '--service', '01900000-0000-7000-8000-000000000005']],
    [['end', '--user', 'orion@example.com']],
    [['end', '01900000-0000-7000-8000-000000000005', '--all', '--user', 'orion@example.com']],
  ])('does nothing where it is not said what to end: %j', async (args) => {
    expect((await run(['session', ...args])).error).toBeInstanceOf(WrongUsage);
  });

  test.each([
    [['list', '--user', 'nobody@example.com'], 'there is no user nobody@example.com'],
    [['end', '--all', '--user', 'nobody@example.com'], 'there is no user nobody@example.com'],
    [['list', '--user', 'nobody'], /e-mail address/],
    [['end', 'one'], /must be the id of a session/],
    [['list', '--limit', '0'], /whole number/],
  ])('refuses %j', async (args, message) => {
    expect((await run(['session', ...args])).error?.message).toMatch(message);
  });
});

describe('rekey throttle', () => {
  const show = async () =>
    JSON.parse(await outputOf('throttle', 'show', orion.email, '--json')).throttles;

  test('shows the tries at an account, and forgets them', async () => {
    expect(await outputOf('throttle', 'show', userId)).toBe('There are none.\n');
    await expect(logIn('wrong')).rejects.toThrow();
    const tries = { service_id: formServiceId, of: 'password', tries: 1, retry_after_s: 0 };
    expect(await show()).toEqual([
      { ...tries, limit: 'account-day', network: null, quota: 50 },
      {
        ...tries,
        limit: 'account',
        network: '192.0.2.7',
        quota: 10,
        retry_after_s: expect.any(Number),
      },
    ]);
    expect(await outputOf('throttle', 'show', userId)).toContain('192.0.2.7');
    expect(await outputOf('throttle', 'reset', orion.email)).toBe('The tries are forgotten.\n');
    expect(await show()).toEqual([]);
    expect(JSON.parse(await outputOf('throttle', 'reset', userId, '--json'))).toEqual({ reset: 0 });
    const { entries } = JSON.parse(await outputOf('audit', 'list', '--json'));
    expect(entries[0]).toMatchObject({ type: 'rekey:ThrottleReset', user_id: userId });
  });

  test.each(['show', 'reset'])('refuses to %s what nobody has', async (verb) => {
    const { error } = await run(['throttle', verb, 'nobody@example.com']);
    expect(error?.message).toBe('there is no user nobody@example.com');
  });
});
