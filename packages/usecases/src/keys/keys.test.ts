import { IllegalArgument, type Key, NotFound, Unauthorized } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  aService,
  endOf,
  failingAt,
  keyValue,
  PASSWORD,
  planted,
  START,
  type World,
  world,
} from '../testing/index.ts';
import { AuthenticateBearer } from './authenticate-bearer.ts';
import { AuthenticateKey, type Caller } from './authenticate-key.ts';
import { CreateKey } from './create-key.ts';
import { CreateRootKey } from './create-root-key.ts';
import { CreateServiceWithKey } from './create-service-with-key.ts';
import { formServiceId, formServiceName, OpenFormService } from './open-form-service.ts';
import { ReadKey } from './read-key.ts';
import { ReadUser } from './read-user.ts';

const by = (service: Extract<Caller, { kind: 'service' }>['service']): Caller => ({
  kind: 'service',
  service,
});
const root: Caller = { kind: 'root' };

/** All that the database keeps, as one text. */
const kept = (w: World) => JSON.stringify(w.database.snapshot());

describe('creating a key', () => {
  async function prepare() {
    const w = world();
    const service = await w.addService();
    const user = await w.addUser(service);
    const input = { service, isEnabled: true, name: 'web', userId: user.id };
    return { w, service, user, input };
  }

  test.each(['TOKEN', 'KEY'] as const)(
    'of type %s shows a value, of which a digest is kept',
    async (type) => {
      const { w, service, user, input } = await prepare();
      const { key, value } = await new CreateKey(w).execute({ ...input, type });
      expect(value).toMatch(/^rku_[A-Za-z0-9_-]{43}$/);
      const expected: Key = {
        id: key.id,
        createdAt: START,
        updatedAt: START,
        isEnabled: true,
        isRevoked: false,
        type,
        name: 'web',
        serviceId: service.id,
        userId: user.id,
      };
      expect(key).toEqual(expected);
      const digest = w.secrets.digest(value);
      const found = await w.database.read(({ keys }) => keys.findByDigest(digest));
      expect(found?.key).toEqual(expected);
      expect(kept(w)).not.toContain(value);
    },
  );

  test('of type TOTP shows a seed, which is kept sealed', async () => {
    const { w, input } = await prepare();
    const { key, value } = await new CreateKey(w).execute({ ...input, type: 'TOTP' });
    expect(value).toMatch(/^[A-Z2-7]{32}$/);
    expect(key.type).toBe('TOTP');
    expect(kept(w)).not.toContain(value);
    const [, sealed] = /"sealed":"([^"]+)"/.exec(kept(w)) ?? [];
    expect(w.secrets.unseal(sealed ?? '')).toBe(value);
  });

  test('lets the user log in, once it is a usable TOKEN key', async () => {
    const { w, service, user, input } = await prepare();
    await new CreateKey(w).execute({ ...input, type: 'TOKEN', isEnabled: false });
    await expect(w.logIn({ user, service })).rejects.toThrow();
    await new CreateKey(w).execute({ ...input, type: 'TOKEN' });
    expect((await w.logIn({ user, service })).userId).toBe(user.id);
  });

  test('refuses a second usable TOKEN key of a user at a service', async () => {
    const { w, input } = await prepare();
    const createKey = new CreateKey(w);
    await createKey.execute({ ...input, type: 'TOKEN' });
    const end = await endOf(createKey.execute({ ...input, type: 'TOKEN' }));
    expect(end).toBeInstanceOf(IllegalArgument);
    expect(end).toMatchObject({ violations: [{ field: 'type' }] });
    const elsewhere = { ...input, service: await w.addService(), type: 'TOKEN' } as const;
    expect(await endOf(createKey.execute(elsewhere))).toBe('done');
  });

  test('refuses an unknown user, and a name that is none', async () => {
    const { w, service, input } = await prepare();
    const createKey = new CreateKey(w);
    const unknown = { ...input, type: 'KEY', userId: service.id } as const;
    expect(await endOf(createKey.execute(unknown))).toMatchObject({
      violations: [{ field: 'userId' }],
    });
    expect(await endOf(createKey.execute({ ...unknown, name: '\n' }))).toMatchObject({
      violations: [{ field: 'name' }],
    });
  });

  test('prepares an account that is not open yet', async () => {
    const { w, service, input } = await prepare();
    for (const passwordHash of [null, await w.hasher.hash(PASSWORD)]) {
      const user = await w.addUser(service, { isEnabled: false }, passwordHash);
      const of = { ...input, userId: user.id, type: 'TOKEN' } as const;
      expect(await endOf(new CreateKey(w).execute(of))).toBe('done');
    }
  });

  test('refuses a user whose account was shut, as if unknown', async () => {
    const { w, service, user, input } = await prepare();
    await w.database.transact(({ users }) => users.shut(user.id, START));
    const end = await endOf(new CreateKey(w).execute({ ...input, type: 'KEY' }));
    const unknown = { ...input, type: 'KEY', userId: service.id } as const;
    expect(end).toEqual(await endOf(new CreateKey(w).execute(unknown)));
    expect((end as IllegalArgument).violations).toMatchObject([{ field: 'userId' }]);
  });

  test('keeps nothing of a key where it fails', async () => {
    const { w, input } = await prepare();
    const before = w.database.snapshot();
    for (let n = 1; n <= 5; n += 1) {
      const broken = { ...w, database: failingAt(w.database, n) };
      const end = await endOf(new CreateKey(broken).execute({ ...input, type: 'TOKEN' }));
      expect(end).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('registering a service', () => {
  const input = { name: 'Shop', url: 'https://shop.example' };

  test('shows a key that the service is known by, and keeps a digest of it', async () => {
    const w = world();
    const { service, key, value } = await new CreateServiceWithKey(w).execute({
      ...input,
      localUrl: 'https://shop.example/account',
      allowRegister: false,
      emailText: 'Call 555.\r\nBye',
    });
    expect(value).toMatch(/^rks_[A-Za-z0-9_-]{43}$/);
    expect(service).toEqual({
      id: service.id,
      createdAt: START,
      updatedAt: START,
      ...input,
      localUrl: 'https://shop.example/account',
      allowRegister: false,
      emailText: 'Call 555.\nBye',
    });
    expect(key).toMatchObject({ type: 'KEY', serviceId: service.id, userId: null });
    expect(await new AuthenticateKey(w).execute(value)).toEqual(by(service));
    expect(kept(w)).not.toContain(value);
  });

  test('needs a name and a URL: links lead to Rekey then, and users may be created', async () => {
    const { service } = await new CreateServiceWithKey(world()).execute(input);
    expect(service).toMatchObject({ localUrl: null, allowRegister: true, emailText: null });
  });

  test('refuses every argument that is wrong at once, and writes nothing', async () => {
    const w = world();
    const before = w.database.snapshot();
    const wrong = { name: '', url: 'shop', localUrl: 'javascript:alert(1)', emailText: '' };
    const end = await endOf(new CreateServiceWithKey(w).execute(wrong));
    expect(end).toMatchObject({
      violations: [
        { field: 'name' },
        { field: 'url' },
        { field: 'localUrl' },
        { field: 'emailText' },
      ],
    });
    expect(w.database.snapshot()).toEqual(before);
  });

  test('refuses the name of the built-in service', async () => {
    const end = await endOf(
      new CreateServiceWithKey(world()).execute({ ...input, name: ' users ' }),
    );
    expect(end).toMatchObject({ violations: [{ field: 'name' }] });
  });

  test('keeps no service without a key', async () => {
    const w = world();
    const before = w.database.snapshot();
    for (let n = 1; n <= 5; n += 1) {
      const broken = { ...w, database: failingAt(w.database, n) };
      expect(await endOf(new CreateServiceWithKey(broken).execute(input))).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('the built-in service', () => {
  test('is there after the first start, and the same after the next', async () => {
    const w = world();
    const answered = await new OpenFormService(w).execute();
    const first = await w.database.read(({ services }) => services.get(formServiceId));
    expect(first).toMatchObject({ name: formServiceName, localUrl: null, allowRegister: true });
    expect(answered).toEqual(first);
    w.clock.set(START + 1000);
    expect(await new OpenFormService(w).execute()).toEqual(first);
    expect(await w.database.read(({ services }) => services.get(formServiceId))).toEqual(first);
  });
});

describe('a key that a request carries', () => {
  test('of the operator is a root key', async () => {
    const w = world();
    const { key, value } = await new CreateRootKey(w).execute({ name: ' ops ' });
    expect(value).toMatch(/^rkr_[A-Za-z0-9_-]{43}$/);
    expect(key).toMatchObject({ type: 'KEY', name: 'ops', serviceId: null, userId: null });
    expect(await new AuthenticateKey(w).execute(value)).toEqual(root);
    expect(kept(w)).not.toContain(value);
  });

  test('is not what a key becomes whose service is not there', async () => {
    const w = world();
    const key = await w.addKey({ serviceId: aService().id, userId: null, type: 'KEY' });
    expect(await endOf(new AuthenticateKey(w).execute(keyValue(key)))).toBeInstanceOf(Unauthorized);
  });

  test('is refused where it is unknown, disabled, revoked or a user’s', async () => {
    const w = world();
    const { service, user } = await w.addOwner();
    const of = { service, isEnabled: true, type: 'KEY', name: 'a', userId: user.id } as const;
    const users = await new CreateKey(w).execute(of);
    const values = ['', 'rks_', users.value];
    for (const state of [{ isEnabled: false }, { isRevoked: true }]) {
      const key = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY', ...state });
      values.push(keyValue(key));
    }
    for (const value of values) {
      expect(await endOf(new AuthenticateKey(w).execute(value))).toBeInstanceOf(Unauthorized);
    }
    const usable = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    expect(await new AuthenticateKey(w).execute(keyValue(usable))).toEqual(by(service));
  });
});

describe('a bearer token', () => {
  async function aSessionOf(details: Parameters<World['addOwner']>[0] = {}) {
    const w = world();
    const owner = await w.addOwner(details);
    const grant = await w.logIn(owner);
    return { w, owner, grant, check: () => endOf(new AuthenticateBearer(w).execute(grant.token)) };
  }

  test('stands for its session', async () => {
    const { w, grant } = await aSessionOf();
    const { token, ...expected } = grant;
    expect(await new AuthenticateBearer(w).execute(token)).toEqual(expected);
  });

  test('is worth nothing where it was not issued here, or has expired', async () => {
    const { w, check } = await aSessionOf();
    expect(await endOf(new AuthenticateBearer(w).execute('no token'))).toBeInstanceOf(Unauthorized);
    expect(await check()).toBe('done');
    w.clock.set(START + 3_600_000);
    expect(await check()).toBeInstanceOf(Unauthorized);
  });

  test('is worth nothing once its session has ended', async () => {
    const { w, owner, check } = await aSessionOf();
    await w.database.transact(({ sessions }) => sessions.endAllOf(owner.user.id, START));
    expect(await check()).toBeInstanceOf(Unauthorized);
  });

  test('is worth nothing once its user is disabled', async () => {
    const { w, owner, check } = await aSessionOf();
    await w.database.transact(({ users }) => users.shut(owner.user.id, START));
    expect(await check()).toBeInstanceOf(Unauthorized);
  });

  test('is worth nothing once its TOKEN key is revoked, even if there is a new one', async () => {
    const { w, owner, check } = await aSessionOf();
    await w.database.transact(({ keys }) => keys.revokeAllOf(owner.user.id, START));
    await w.addKey({ userId: owner.user.id, serviceId: owner.service.id });
    expect(await check()).toBeInstanceOf(Unauthorized);
  });

  test('is worth nothing for a session that is another user’s, or was never opened', async () => {
    const { w, owner, grant } = await aSessionOf();
    const stranger = await w.addOwner();
    for (const forged of [
      { ...grant, userId: stranger.user.id },
      { ...grant, sessionId: owner.user.id },
    ]) {
      const { token } = await w.accessTokens.issue(forged, 'signed');
      expect(await endOf(new AuthenticateBearer(w).execute(token))).toBeInstanceOf(Unauthorized);
    }
  });
});

describe('reading a user', () => {
  const read = (w: World, caller: Caller, id: string) =>
    endOf(new ReadUser(w).execute({ caller, id }));

  test('is for the service that made the user, for those with a key of the user, and for the operator', async () => {
    const w = world();
    const service = await w.addService();
    const user = await w.addUser(service);
    const linked = await w.addService();
    await w.addKey({ userId: user.id, serviceId: linked.id, isRevoked: true, type: 'KEY' });
    for (const caller of [by(service), by(linked), root]) {
      expect(await new ReadUser(w).execute({ caller, id: user.id })).toEqual(user);
    }
  });

  test('of another service is like reading one who does not exist', async () => {
    const w = world();
    const { user } = await w.addOwner();
    const other = await w.addService();
    const foreign = await read(w, by(other), user.id);
    expect(foreign).toBeInstanceOf(NotFound);
    expect(await read(w, by(other), other.id)).toEqual(foreign);
    expect(await read(w, root, other.id)).toEqual(foreign);
  });
});

describe('reading a key', () => {
  const read = (w: World, caller: Caller, id: string) =>
    endOf(new ReadKey(w).execute({ caller, id }));

  test('is for the service that it is of, and for the operator', async () => {
    const w = world();
    const { service, tokenKey } = await w.addOwner();
    for (const caller of [by(service), root]) {
      expect(await new ReadKey(w).execute({ caller, id: tokenKey.id })).toEqual(tokenKey);
    }
  });

  test('of another service, or of the operator, is like reading one that does not exist', async () => {
    const w = world();
    const { user, tokenKey } = await w.addOwner();
    const creator = by(await w.addService());
    const { key: rootKey } = await new CreateRootKey(w).execute({ name: 'ops' });
    const foreign = await read(w, creator, tokenKey.id);
    expect(foreign).toBeInstanceOf(NotFound);
    expect(await read(w, creator, user.id)).toEqual(foreign);
    expect(await read(w, creator, rootKey.id)).toEqual(foreign);
    expect(await read(w, by(aService()), tokenKey.id)).toEqual(foreign);
    expect(await read(w, root, user.id)).toEqual(foreign);
  });
});
