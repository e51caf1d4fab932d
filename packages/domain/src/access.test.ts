import { describe, expect, test } from 'vitest';
import {
  type Actor,
  type AuditEntry,
  formServiceId,
  type GivenService,
  isUsable,
  type Key,
  may,
  operator,
  parseCustomType,
  placeOf,
  type Service,
  serviceDefaults,
  Unauthorized,
} from './index.ts';

const origin = { address: '192.0.2.7', client: null };
const service: Service = {
  id: 's1',
  createdAt: 0,
  updatedAt: 0,
  name: 'Shop',
  url: 'https://shop.example',
  ...serviceDefaults,
};
const session = { sessionId: 'x1', userId: 'u1', serviceId: 's1' };

const actors = {
  service: { kind: 'service', service, keyId: 'k1', user: null, origin },
  stranger: { kind: 'service', service: { ...service, id: 's2' }, keyId: 'k2', user: null, origin },
  root: { kind: 'root', keyId: 'k3', origin },
  user: { kind: 'user', session, origin },
  person: { kind: 'user', session: { ...session, serviceId: formServiceId }, origin },
  nobody: { kind: 'nobody', origin },
  operator,
} satisfies Record<string, Actor>;

/** The names of the actors that a rule lets through. */
const those = (rule: (actor: Actor) => boolean) =>
  Object.entries(actors)
    .filter(([, actor]) => rule(actor))
    .map(([name]) => name);

const operators = ['root', 'operator'];

describe('an actor may', () => {
  test('read a user as a service that knows the user, or as the operator', () => {
    const read = (isKnown: boolean) => those((actor) => may(actor, 'read user', { isKnown }));
    expect(read(true)).toEqual(['service', 'stranger', ...operators]);
    expect(read(false)).toEqual(operators);
  });

  test('list users as a service, or as the operator', () => {
    const list = those((actor) => may(actor, 'list users', null));
    expect(list).toEqual(['service', 'stranger', ...operators]);
  });

  test('create a user as anybody but a person with a session', () => {
    const create = those((actor) => may(actor, 'create user', null));
    expect(create).toEqual(['service', 'stranger', 'root', 'nobody', 'operator']);
  });

  test('change a user as the service that made the user, or as the operator', () => {
    const change = (createdBy: string | null) =>
      those((actor) => may(actor, 'change user', { createdBy }));
    expect(change('s1')).toEqual(['service', ...operators]);
    expect(change(null)).toEqual(operators);
  });

  test('enable a user, if an operator did not disable it, or as the operator', () => {
    const enable = (isDisabledByOperator: boolean) =>
      those((actor) => may(actor, 'enable user', { isDisabledByOperator }));
    expect(enable(false)).toEqual(Object.keys(actors));
    expect(enable(true)).toEqual(operators);
  });

  test('delete a user as the service that made the user, if no other has a key, or as the operator', () => {
    const remove = (isKeptBeside: boolean) =>
      those((actor) => may(actor, 'delete user', { createdBy: 's1', isKeptBeside }));
    expect(remove(false)).toEqual(['service', ...operators]);
    expect(remove(true)).toEqual(operators);
  });

  test('read and change any user, but not delete it, as a service that sees all users', () => {
    const actor: Actor = {
      ...actors.stranger,
      service: { ...actors.stranger.service, seesAllUsers: true },
    };
    expect(may(actor, 'read user', { isKnown: false })).toBe(true);
    expect(may(actor, 'change user', { createdBy: 's1' })).toBe(true);
    expect(may(actor, 'delete user', { createdBy: 's1', isKeptBeside: false })).toBe(false);
  });

  test.each(['see key', 'read audit'] as const)(
    '%s as the service that it is of, or as the operator',
    (action) => {
      const read = (serviceId: string | null) =>
        those((actor) => may(actor, action, { serviceId }));
      expect(read('s1')).toEqual(['service', ...operators]);
      expect(read('s3')).toEqual(operators);
      expect(read(null)).toEqual(operators);
    },
  );

  test('write entries of the audit as a service, or as the operator', () => {
    expect(those((actor) => may(actor, 'write audit', null))).toEqual([
      'service',
      'stranger',
      ...operators,
    ]);
  });

  test('amend entries of the audit of a type of their own, and none of Rekey’s types', () => {
    const amend = (type: AuditEntry['type'], serviceId: string | null = 's1') =>
      those((actor) => may(actor, 'amend audit', { type, serviceId }));
    for (const type of ['shop:CheckOut', 'ssolike'].map((text) => parseCustomType(text))) {
      expect(amend(type)).toEqual(['service', ...operators]);
      expect(amend(type, null)).toEqual(operators);
    }
    for (const type of ['sso:UserCreate', 'sso:AuditUpdate', 'rekey:Backup'] as const) {
      expect(amend(type)).toEqual([]);
    }
  });

  test('create a user as a service, as the operator, or by signing up', () => {
    const create = those((actor) => may(actor, 'create user', null));
    expect(create).toEqual(['service', 'stranger', 'root', 'nobody', 'operator']);
  });

  test('create a key as a service or as the operator, who alone names a service and may lock it out', () => {
    const create = those((actor) => may(actor, 'create key', null));
    expect(create).toEqual(['service', 'stranger', ...operators]);
    expect(those((actor) => may(actor, 'create any key', null))).toEqual(operators);
    expect(those((actor) => may(actor, 'lock a service out', null))).toEqual(operators);
  });

  test('have a password checked as a service or an operator', () => {
    expect(those((actor) => may(actor, 'check password', null))).toEqual([
      'service',
      'stranger',
      'root',
      'operator',
    ]);
  });

  test('verify the code of a user as a service', () => {
    expect(those((actor) => may(actor, 'verify code', null))).toEqual(['service', 'stranger']);
  });

  test('prove the password of any account, but of another one than that of a session', () => {
    const prove = (userId: string) => those((actor) => may(actor, 'prove password', { userId }));
    expect(prove('u1')).toEqual(['service', 'stranger', 'user', 'person', 'nobody']);
    expect(prove('u2')).toEqual(['service', 'stranger', 'nobody']);
  });

  test('use a token of a user as the service that it is of, and as nobody else', () => {
    const use = (serviceId: string | null) =>
      those((actor) => may(actor, 'use token', { serviceId }));
    expect(use('s1')).toEqual(['service']);
    expect(use(null)).toEqual([]);
  });

  test('see and end a session as its service, as its user at its service, or as the operator', () => {
    const see = (serviceId: string, userId: string) =>
      those((actor) => may(actor, 'see session', { serviceId, userId }));
    expect(see('s1', 'u1')).toEqual(['service', 'root', 'user', 'operator']);
    expect(see('s1', 'u2')).toEqual(['service', ...operators]);
    expect(see('s3', 'u1')).toEqual(operators);
  });

  test('log out of a session as its service, or as its user', () => {
    const logOut = (serviceId: string, userId: string) =>
      those((actor) => may(actor, 'log out', { serviceId, userId }));
    expect(logOut('s1', 'u1')).toEqual(['service', 'user']);
    expect(logOut('s1', 'u2')).toEqual(['service']);
    expect(logOut('s3', 'u1')).toEqual([]);
  });

  test('use CSRF tokens as a service', () => {
    expect(those((actor) => may(actor, 'use CSRF tokens', null))).toEqual(['service', 'stranger']);
  });

  test('use a link as the service that it is of, and on the page that Rekey hosts', () => {
    const use = (serviceId: string) => those((actor) => may(actor, 'use link', { serviceId }));
    expect(use('s1')).toEqual(['service', 'nobody']);
    expect(use('s3')).toEqual(['nobody']);
  });

  test('read and list services as the service itself, or as the operator', () => {
    const read = (serviceId: string) => those((actor) => may(actor, 'read service', { serviceId }));
    expect(read('s1')).toEqual(['service', ...operators]);
    expect(read('s3')).toEqual(operators);
    const list = those((actor) => may(actor, 'list services', null));
    expect(list).toEqual(['service', 'stranger', ...operators]);
  });

  test('register and delete services as the operator', () => {
    expect(those((actor) => may(actor, 'administer services', null))).toEqual(operators);
  });

  test.each<[GivenService, boolean]>([
    [{}, true],
    [{ name: 'Shop', userEmailText: 'Call 555.', userAllowRegister: true }, true],
    [{ isEnabled: false, url: undefined }, true],
    [{ isEnabled: true }, false],
    [{ url: 'https://evil.example' }, false],
    [{ name: 'Shop', providerLocalUrl: '' }, false],
    [{ providerGithubOauth2Url: '' }, false],
    [{ providerMicrosoftOauth2Url: '' }, false],
    [{ providerGoogleOauth2Url: '' }, false],
    [{ supportUrl: '' }, false],
    [{ seesAllUsers: false }, false],
    [{ ownerRecovery: false }, false],
    [{ requireFactor: true }, false],
    [{ newDeviceMail: true }, false],
  ])('change %j of a service as the operator; as the service itself: %j', (fields, isOwn) => {
    const change = (serviceId: string) =>
      those((actor) => may(actor, 'change service', { serviceId, fields }));
    expect(change('s1')).toEqual(isOwn ? ['service', ...operators] : operators);
    expect(change('s3')).toEqual(operators);
  });

  test('act for oneself in the form dialect with a session there, or with any one and the password', () => {
    const act = (isProven: boolean) =>
      those((actor) => may(actor, 'act for oneself', { isProven }));
    expect(act(false)).toEqual(['person']);
    expect(act(true)).toEqual(['user', 'person']);
  });

  test('administer people in the form dialect with a session there, and the role', () => {
    const administer = (isAdmin: boolean) =>
      those((actor) => may(actor, 'administer people', { isAdmin }));
    expect(administer(true)).toEqual(['person']);
    expect(administer(false)).toEqual([]);
  });

  test('operate Rekey at the command line alone: a root key does not do', () => {
    expect(those((actor) => may(actor, 'operate', null))).toEqual(['operator']);
  });
});

describe('the place of an actor', () => {
  test('is the service that asks, or that the session is of', () => {
    expect(placeOf(actors.service)).toEqual({ serviceId: 's1', origin });
    expect(placeOf(actors.user)).toEqual({ serviceId: 's1', origin });
  });

  test('is the built-in service for people who have proven nothing yet', () => {
    expect(placeOf(actors.nobody)).toEqual({ serviceId: formServiceId, origin });
  });

  test('is none for the operator', () => {
    for (const actor of [actors.root, operator]) {
      expect(() => placeOf(actor)).toThrow(Unauthorized);
    }
  });
});

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
      prefix: 'Ab3-_9xY',
      scopes: [],
      expiresAt: null,
      lastUsedAt: null,
    };
    expect(isUsable(key, 1000)).toBe(true);
    expect(isUsable({ ...key, isEnabled: false }, 1000)).toBe(false);
    expect(isUsable({ ...key, isRevoked: true }, 1000)).toBe(false);
  });

  test('may be used until it expires', () => {
    const key = { isEnabled: true, isRevoked: false, expiresAt: 1000 };
    expect(isUsable(key, 999)).toBe(true);
    expect(isUsable(key, 1000)).toBe(false);
  });
});
