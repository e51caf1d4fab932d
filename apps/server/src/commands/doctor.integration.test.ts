import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf } from '../../test/run.ts';

beforeEach(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('MAIL_DIR', folder);
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
});

const tokensOf = async (env: Record<string, string>) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const { checks } = JSON.parse(await outputOf('doctor', '--json'));
  return checks.find(({ name }: { name: string }) => name === 'tokens of /users');
};

describe('rekey doctor', () => {
  test('warns where others trust the tokens of people for longer than 900 seconds', async () => {
    expect(await tokensOf({})).toBeUndefined();
    expect(await tokensOf({ USERS_TOKEN: 'signed' })).toEqual({
      name: 'tokens of /users',
      status: 'warn',
      detail:
        'signed, for 3600 s; others trust them for so long after a logout: set USERS_TOKEN_TTL to 900 or below',
    });
    expect(await tokensOf({ USERS_TOKEN_TTL: '901' })).toMatchObject({ status: 'warn' });
    expect(await tokensOf({ USERS_TOKEN_TTL: '900' })).toEqual({
      name: 'tokens of /users',
      status: 'ok',
      detail: 'signed, for 900 s',
    });
  });
});
