import {
  type Actor,
  formServiceId,
  formServiceName,
  type GivenService,
  type Id,
  NotFound,
  operator,
  remainsOf,
  type Service,
  serviceDefaults,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  aService,
  asService,
  endOf,
  failingAt,
  keyValue,
  NEW_PASSWORD,
  nobody,
  planted,
  recording,
  root,
  START,
  tokenIn,
  type World,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

const input = { name: 'Shop', url: 'https://shop.example' };

const entriesOf = (w: World, { id }: Pick<Service, 'id'>) =>
  w.database.read(({ audit }) => audit.follow(id, 0, 10));

const typesOf = async (w: World, service: Pick<Service, 'id'>) =>
  (await entriesOf(w, service)).map(({ type }) => type);

describe('registering a service', () => {
  test('shows a key that the service is known by, and keeps a digest of it', async () => {
    const w = world();
    const { createServiceWithKey } = w.useCases.services;
    const { service, key, value } = await createServiceWithKey.execute(operator, {
      ...input,
      providerLocalUrl: 'https://shop.example/account',
      userAllowRegister: true,
      userEmailText: 'Call 555.\r\nBye',
    });
    expect(value).toMatch(/^rks_[A-Za-z0-9_-]{43}$/);
    expect(service).toEqual({
      id: service.id,
      createdAt: START,
      updatedAt: START,
      ...serviceDefaults,
      ...input,
      providerLocalUrl: 'https://shop.example/account',
      userAllowRegister: true,
      userEmailText: 'Call 555.\nBye',
    });
    expect(key).toMatchObject({ type: 'KEY', serviceId: service.id, userId: null });
    const actor = await w.useCases.callers.authenticateKey.execute(nobody, { key: value });
    expect(actor).toEqual({ ...asService(service), keyId: key.id });
    expect(JSON.stringify(w.database.snapshot())).not.toContain(value);
  });

  test('needs a name and a URL: links lead to Rekey then, and nobody registers by themselves', async () => {
    const { createServiceWithKey } = world().useCases.services;
    const { service } = await createServiceWithKey.execute(operator, input);
    expect(service).toMatchObject(serviceDefaults);
  });

  test('refuses every argument that is wrong at once, and writes nothing', async () => {
    const w = world();
    const before = w.database.snapshot();
    const wrong = {
      name: '',
      url: 'shop',
      providerLocalUrl: 'javascript:alert(1)',
      userEmailText: '\u0007',
    };
    const end = await endOf(w.useCases.services.createServiceWithKey.execute(operator, wrong));
    expect(end).toMatchObject({
      violations: [
        { field: 'name', code: 'malformed' },
        { field: 'url', code: 'malformed' },
        { field: 'providerLocalUrl', code: 'malformed' },
        { field: 'userEmailText', code: 'malformed' },
      ],
    });
    expect(w.database.snapshot()).toEqual(before);
  });

  test('refuses the name of the built-in service', async () => {
    const { createServiceWithKey } = world().useCases.services;
    const end = await endOf(createServiceWithKey.execute(operator, { ...input, name: ' users ' }));
    expect(end).toMatchObject({ violations: [{ field: 'name' }] });
  });

  test('is refused to everybody but the operator', async () => {
    const w = world();
    const service = await w.addService();
    const before = w.database.snapshot();
    for (const actor of [asService(service), root, nobody]) {
      const end = await endOf(w.useCases.services.createServiceWithKey.execute(actor, input));
      expect(end).toBeInstanceOf(Unauthorized);
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test('keeps no service without a key', async () => {
    const healthy = world();
    const { database, done } = recording(healthy.database);
    const { services } = useCases({ ...healthy, database });
    await services.createServiceWithKey.execute(operator, input);
    expect(done).toEqual(['services.insert', 'keys.insert', 'audit.insert', 'audit.insert']);
    const w = world();
    const before = w.database.snapshot();
    for (let n = 1; n <= done.length + 1; n += 1) {
      const broken = useCases({ ...w, database: failingAt(w.database, n) });
      const end = await endOf(broken.services.createServiceWithKey.execute(operator, input));
      expect(end).toBe(planted);
      expect(w.database.snapshot()).toEqual(before);
    }
  });
});

describe('registering a service by a root key', () => {
  test('makes no key, and begins its audit', async () => {
    const w = world();
    const { createService, readService } = w.useCases.services;
    const service = await createService.execute(root, { ...input, isEnabled: false });
    expect(service).toMatchObject({ ...serviceDefaults, ...input, isEnabled: false });
    expect(await readService.execute(root, { id: service.id })).toEqual(service);
    expect(await typesOf(w, service)).toEqual(['sso:ServiceCreate']);
  });

  test('takes a root key', async () => {
    const w = world();
    const service = await w.addService();
    const before = w.database.snapshot();
    for (const actor of [asService(service), nobody]) {
      const end = await endOf(w.useCases.services.createService.execute(actor, input));
      expect(end).toMatchObject({ code: 'root_key_required' });
    }
    expect(w.database.snapshot()).toEqual(before);
  });
});

describe('looking at services', () => {
  async function three() {
    const w = world();
    const all = [
      await w.addService(),
      await w.addService({ isEnabled: false }),
      await w.addService(),
    ] as const;
    const list = (actor: Actor, asked: { ids?: readonly Id[]; isEnabled?: boolean } = {}) =>
      w.useCases.services.listServices.execute(actor, { ...asked, page: { limit: 10 } });
    return { w, all, list };
  }

  test('shows the operator all that fit', async () => {
    const { all, list } = await three();
    for (const actor of [operator, root]) {
      expect(await list(actor)).toEqual(all);
      expect(await list(actor, { isEnabled: false })).toEqual([all[1]]);
      expect(await list(actor, { ids: [all[2].id, anId()] })).toEqual([all[2]]);
    }
  });

  test('shows a service itself alone, whatever it asks for', async () => {
    const { w, all, list } = await three();
    const own = asService(all[0]);
    const { readService } = w.useCases.services;
    expect(await list(own)).toEqual([all[0]]);
    expect(await list(own, { ids: [all[1].id, all[0].id] })).toEqual([all[0]]);
    expect(await list(own, { ids: [all[1].id] })).toEqual([]);
    expect(await list(own, { isEnabled: false })).toEqual([]);
    expect(await readService.execute(own, { id: all[0].id })).toEqual(all[0]);
    const foreign = await endOf(readService.execute(own, { id: all[1].id }));
    const unknown = await endOf(readService.execute(own, { id: anId() }));
    expect(foreign).toBeInstanceOf(NotFound);
    expect(foreign).toEqual(unknown);
  });

  test('shows the keys that a service asks with, and none of its users, the newest first', async () => {
    const { w, all } = await three();
    const [service, other] = all;
    const own = { serviceId: service.id, userId: null, type: 'KEY' } as const;
    const first = await w.addKey({ ...own, isEnabled: false, isRevoked: true });
    const second = await w.addKey(own);
    await w.addKey({ ...own, serviceId: other.id });
    const { user } = await w.addOwner({}, { service });
    await w.addKey({ serviceId: service.id, userId: user.id, type: 'KEY' });
    const { listOwnKeys } = w.useCases.services;
    for (const actor of [operator, root, asService(service)]) {
      expect(await listOwnKeys.execute(actor, { id: service.id })).toEqual([second, first]);
    }
    const foreign = await endOf(listOwnKeys.execute(asService(other), { id: service.id }));
    const unknown = await endOf(listOwnKeys.execute(operator, { id: anId() }));
    expect(foreign).toBeInstanceOf(NotFound);
    expect(unknown).toBeInstanceOf(NotFound);
  });

  test('is for nobody else', async () => {
    const { list } = await three();
    expect(await endOf(list(nobody))).toBeInstanceOf(Unauthorized);
  });
});

describe('changing a service', () => {
  async function aShop(details: Partial<Service> = {}) {
    const w = world();
    const service = await w.addService(details);
    const { id } = service;
    const { updateService } = w.useCases.services;
    const update = (actor: Actor, given: GivenService, of = id) =>
      updateService.execute(actor, { id: of, ...given });
    const now = () => w.database.read(({ services }) => services.get(id));
    return { w, service, update, now };
  }

  test('changes the fields that are given alone, and says which in the audit', async () => {
    const { w, service, update, now } = await aShop({ userEmailText: 'Call 555.' });
    w.clock.set(START + 1000);
    const given = { name: 'Store', providerLocalUrl: '', requireFactor: true };
    const changed = await update(root, given);
    expect(changed).toEqual({
      ...service,
      name: 'Store',
      providerLocalUrl: null,
      requireFactor: true,
      updatedAt: START + 1000,
    });
    expect(await now()).toEqual(changed);
    expect(await entriesOf(w, service)).toMatchObject([
      {
        type: 'sso:ServiceUpdate',
        subjectId: service.id,
        data: {
          type: 'diff',
          data: [
            ['name', 'Shop', 'Store'],
            ['provider_local_url', 'https://shop.example/account', null],
            ['require_factor', false, true],
          ],
        },
      },
    ]);
  });

  test('to what it is changes nothing, and leaves no entry', async () => {
    const { w, service, update } = await aShop();
    const before = w.database.snapshot();
    w.clock.set(START + 1000);
    for (const given of [{}, { name: ' Shop ', isEnabled: true, supportUrl: '' }]) {
      expect(await update(root, given)).toEqual(service);
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test('is a service’s own affair for its name, its text, registering, and an end', async () => {
    const { service, update, now } = await aShop();
    const own = { name: 'Store', userEmailText: 'Call 555.', userAllowRegister: false };
    await update(asService(service), own);
    await update(asService(service), { isEnabled: false });
    expect(await now()).toMatchObject({ ...own, isEnabled: false });
  });

  test.each<GivenService>([
    { isEnabled: true },
    { url: 'https://evil.example' },
    { name: 'Store', providerLocalUrl: '' },
    { supportUrl: 'no URL' },
    { seesAllUsers: true },
    { ownerRecovery: true },
    { requireFactor: false },
    { newDeviceMail: false },
  ])('takes a root key for %j, whatever the service was', async (given) => {
    const { w, service, update } = await aShop();
    const before = w.database.snapshot();
    const end = await endOf(update(asService(service), given));
    expect(end).toMatchObject({ name: 'Forbidden', code: 'root_key_required' });
    expect(w.database.snapshot()).toEqual(before);
  });

  test('lets the operator alone write links, whom a stolen key of a service is not', async () => {
    const { service, update } = await aShop();
    const links = { name: 'shop.example', userEmailText: 'Help: https://shop.example/help' };
    expect(await endOf(update(asService(service), links))).toMatchObject({
      violations: [{ field: 'name' }, { field: 'userEmailText' }],
    });
    expect(await update(root, links)).toMatchObject(links);
  });

  test('refuses everything that is wrong at once', async () => {
    const { w, update } = await aShop();
    const before = w.database.snapshot();
    const wrong = { name: 'users', url: '', providerGithubOauth2Url: 'x', supportUrl: 'tel:1' };
    expect(await endOf(update(root, wrong))).toMatchObject({
      violations: Object.keys(wrong).map((field) => ({ field })),
    });
    expect(w.database.snapshot()).toEqual(before);
  });

  test('finds no service that is unknown, foreign or deleted', async () => {
    const { w, service, update } = await aShop();
    const other = asService(await w.addService());
    await w.useCases.services.deleteService.execute(root, { id: service.id });
    const given = { seesAllUsers: true };
    for (const end of [
      await endOf(update(root, given)),
      await endOf(update(root, given, anId())),
      await endOf(update(other, given)),
      await endOf(update(other, given, anId())),
    ]) {
      expect(end).toBeInstanceOf(NotFound);
    }
  });

  test('fails as a whole', async () => {
    const { w, service, update } = await aShop();
    const before = w.database.snapshot();
    const { database, done } = recording(w.database);
    const change = { id: service.id, name: 'Store' };
    await useCases({ ...w, database }).services.updateService.execute(root, change);
    expect(done).toEqual(['services.lock', 'services.update', 'audit.insert']);
    await update(root, { name: 'Shop' });
    const healthy = w.database.snapshot();
    for (let n = 1; n <= done.length + 1; n += 1) {
      const broken = useCases({ ...w, database: failingAt(w.database, n) });
      expect(await endOf(broken.services.updateService.execute(root, change))).toBe(planted);
    }
    expect(w.database.snapshot()).toEqual(healthy);
    expect(before).not.toEqual(healthy);
  });
});

describe('a service that is disabled', () => {
  async function aDisabledShop() {
    const w = world();
    const service = await w.addService();
    const own = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    const owner = await w.addOwner({}, { service });
    const grant = await w.logIn(owner);
    await w.useCases.passwords.updatePassword.execute(asService(service), w.change(owner));
    const session = await w.logIn(owner, NEW_PASSWORD);
    const { updateService } = w.useCases.services;
    const authenticate = () =>
      endOf(w.useCases.callers.authenticateKey.execute(nobody, { key: keyValue(own) }));
    expect(await authenticate()).toBe('done');
    expect(await w.isLive(session.token)).toBe(true);
    const set = (isEnabled: boolean) =>
      updateService.execute(operator, { id: service.id, isEnabled });
    await set(false);
    return { w, owner, grant, session, authenticate, set };
  }

  test('is known by none of its keys, and its users by none of their sessions', async () => {
    const { w, session, authenticate, set } = await aDisabledShop();
    expect(await authenticate()).toBeInstanceOf(Unauthorized);
    expect(await w.isLive(session.token)).toBe(false);
    await set(true);
    expect(await authenticate()).toBe('done');
    expect(await w.isLive(session.token)).toBe(true);
  });

  test('still owes its mails, and their links lead to the page that Rekey hosts', async () => {
    const { w, owner } = await aDisabledShop();
    await w.deliver();
    const { link } = w.channels.mail.sent.find(({ to }) => to === owner.user.email)!;
    expect(link).toMatch(/^https:\/\/rekey\.example\/local\?/);
    const { lockAccount } = w.useCases.recovery;
    const token = tokenIn(link);
    expect(await endOf(lockAccount.execute(nobody, { token }))).toBe('done');
  });
});

describe('deleting a service', () => {
  async function aShop() {
    const w = world();
    const service = await w.addService({ userEmailText: 'Call 555.' });
    const own = await w.addKey({ serviceId: service.id, userId: null, type: 'KEY' });
    const owner = await w.addOwner({}, { service });
    const { id } = service;
    const remove = (actor: Actor) =>
      endOf(w.useCases.services.deleteService.execute(actor, { id }));
    const release = () => w.database.transact(({ keys }) => keys.revokeAllOf(owner.user.id, START));
    return { w, service, own, owner, remove, release };
  }

  test('takes its keys, and all of it but its name', async () => {
    const { w, service, own, remove, release } = await aShop();
    await release();
    w.clock.set(START + 1000);
    expect(await remove(root)).toBe('done');
    expect(await w.database.read(({ keys }) => keys.get(own.id))).toBeNull();
    const left = await w.database.read(({ services }) => services.find(service.id));
    expect(left).toEqual(remainsOf(service, START + 1000));
    const { authenticateKey } = w.useCases.callers;
    const end = await endOf(authenticateKey.execute(nobody, { key: keyValue(own) }));
    expect(end).toBeInstanceOf(Unauthorized);
    expect(await typesOf(w, service)).toEqual(['sso:ServiceDelete']);
    expect(await remove(root)).toBeInstanceOf(NotFound);
  });

  test('leaves the audit whole', async () => {
    const w = world();
    const { createServiceWithKey, deleteService } = w.useCases.services;
    await w.useCases.audit.beginAudit.execute(operator);
    const { service } = await createServiceWithKey.execute(operator, input);
    await deleteService.execute(root, { id: service.id });
    const reports = await w.useCases.audit.verifyAudit.execute(operator);
    expect(reports).toMatchObject([
      { serviceId: null, fault: null },
      { serviceId: service.id, length: 2, fault: null },
    ]);
  });

  test('is refused while users have keys of it, even disabled ones', async () => {
    const { w, owner, remove } = await aShop();
    const update = { id: owner.tokenKey.id, isEnabled: false };
    await w.useCases.keys.updateKey.execute(operator, update);
    const before = w.database.snapshot();
    expect(await remove(root)).toMatchObject({
      violations: [{ field: 'id', code: 'not_allowed' }],
    });
    expect(w.database.snapshot()).toEqual(before);
  });

  test('takes a root key, and a service finds no other', async () => {
    const { w, service, remove, release } = await aShop();
    await release();
    const before = w.database.snapshot();
    expect(await remove(asService(service))).toMatchObject({ code: 'root_key_required' });
    for (const actor of [asService(aService()), nobody]) {
      expect(await remove(actor)).toBeInstanceOf(NotFound);
    }
    expect(w.database.snapshot()).toEqual(before);
  });

  test('leaves the mails that it owes, and their links lead to the page that Rekey hosts', async () => {
    const { w, owner, service, remove, release } = await aShop();
    await w.useCases.passwords.updatePassword.execute(asService(service), w.change(owner));
    await release();
    expect(await remove(root)).toBe('done');
    await w.deliver();
    const [mail] = w.channels.mail.sent;
    expect(mail?.service).toEqual({ name: service.name, emailText: null });
    expect(mail?.link).toMatch(/^https:\/\/rekey\.example\/local\?/);
  });
});

describe('the built-in service', () => {
  test('is there after the first start, and stays as it is at the next', async () => {
    const w = world();
    const { openFormService } = w.useCases.services;
    const answered = await openFormService.execute(operator);
    const read = () => w.database.read(({ services }) => services.get(formServiceId));
    const first = await read();
    expect(first).toMatchObject({
      name: formServiceName,
      providerLocalUrl: null,
      userAllowRegister: true,
      newDeviceMail: true,
    });
    expect(answered).toEqual(first);
    w.clock.set(START + 1000);
    expect(await openFormService.execute(operator)).toEqual(first);
    expect(await read()).toEqual(first);
  });

  test('is what the settings of the latest start say', async () => {
    const w = world();
    await w.useCases.services.openFormService.execute(operator);
    w.clock.set(START + 1000);
    const publicUrl = 'https://login.example';
    const moved = useCases({ ...w, settings: { ...w.settings, publicUrl, usersSignup: false } });
    const service = await moved.services.openFormService.execute(operator);
    expect(service).toMatchObject({
      createdAt: START,
      updatedAt: START + 1000,
      url: publicUrl,
      userAllowRegister: false,
    });
    const read = moved.services.readService;
    expect(await read.execute(root, { id: formServiceId })).toEqual(service);
  });

  test('is governed by the settings, but for its texts', async () => {
    const w = world();
    const { openFormService, updateService } = w.useCases.services;
    await openFormService.execute(operator);
    const texts = { userEmailText: 'Call 555.', supportUrl: 'mailto:help@rekey.example' };
    const changed = await updateService.execute(root, { id: formServiceId, ...texts });
    expect(changed).toMatchObject(texts);
    const governed = { isEnabled: false, name: 'Rekey', url: 'https://rekey.example' };
    const end = await endOf(updateService.execute(root, { id: formServiceId, ...governed }));
    expect(end).toMatchObject({
      violations: Object.keys(governed).map((field) => ({ field, code: 'not_allowed' })),
    });
  });

  test('cannot be deleted', async () => {
    const w = world();
    const { openFormService, deleteService } = w.useCases.services;
    await openFormService.execute(operator);
    const end = await endOf(deleteService.execute(root, { id: formServiceId }));
    expect(end).toMatchObject({ violations: [{ field: 'id', code: 'not_allowed' }] });
  });

  test('is made by the server alone', async () => {
    const { openFormService } = world().useCases.services;
    expect(await endOf(openFormService.execute(nobody))).toBeInstanceOf(Unauthorized);
  });
});
