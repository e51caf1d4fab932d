import {
  formServiceId,
  formServiceName,
  operator,
  serviceDefaults,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asService,
  endOf,
  failingAt,
  nobody,
  planted,
  recording,
  root,
  START,
  world,
} from '../../testing/index.ts';
import { useCases } from '../index.ts';

describe('registering a service', () => {
  const input = { name: 'Shop', url: 'https://shop.example' };

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
    expect(actor).toEqual(asService(service));
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
    expect(done).toEqual([
      'services.insert',
      'keys.insert',
      'audit.lock',
      'audit.append',
      'audit.lock',
      'audit.append',
    ]);
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
    });
    expect(answered).toEqual(first);
    w.clock.set(START + 1000);
    expect(await openFormService.execute(operator)).toEqual(first);
    expect(await read()).toEqual(first);
  });

  test('is made by the server alone', async () => {
    const { openFormService } = world().useCases.services;
    expect(await endOf(openFormService.execute(nobody))).toBeInstanceOf(Unauthorized);
  });
});
