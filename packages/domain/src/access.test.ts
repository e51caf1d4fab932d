import { describe, expect, test } from 'vitest';
import { isShut, isUsable, type Key, type User } from './index.ts';

describe('a key', () => {
  test('may be used while it is enabled and not revoked', () => {
    const key: Key = {
      id: 'k',
      createdAt: 0,
      updatedAt: 0,
      isEnabled: true,
      isRevoked: false,
      type: 'KEY',
      name: 'cron',
      serviceId: null,
      userId: null,
    };
    expect(isUsable(key)).toBe(true);
    expect(isUsable({ ...key, isEnabled: false })).toBe(false);
    expect(isUsable({ ...key, isRevoked: true })).toBe(false);
  });
});

describe('an account', () => {
  const user: User = {
    id: 'u',
    createdAt: 0,
    updatedAt: 0,
    isEnabled: false,
    name: 'Ada',
    email: 'ada@example.com',
    locale: 'en',
    timezone: 'Etc/UTC',
    passwordAllowReset: true,
    passwordRequireUpdate: false,
    createdBy: null,
  };

  test('is shut once it was disabled and its password forgotten', () => {
    expect(isShut(user, { passwordHash: null, version: 2 })).toBe(true);
  });

  test.each([
    ['was only prepared', user, { passwordHash: null, version: 1 }],
    ['was prepared with a password', user, { passwordHash: 'hash', version: 1 }],
    ['is disabled but keeps its password', user, { passwordHash: 'hash', version: 2 }],
    ['is open again', { ...user, isEnabled: true }, { passwordHash: null, version: 2 }],
  ])('is not shut while it %s', (_what, of, credential) => {
    expect(isShut(of, credential)).toBe(false);
  });
});
