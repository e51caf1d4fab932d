import {
  type AuditEntry,
  type Id,
  InvalidCredentials,
  operator,
  TooManyRequests,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  asUser,
  endOf,
  nobody,
  type Owner,
  PASSWORD,
  root,
  START,
  settings,
  type World,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const MINUTE_MS = 60_000;
const minute = Math.floor(START / MINUTE_MS) * MINUTE_MS;

/** A try at a name that nobody has. */
const guess = (ports: Ports, { service }: Pick<Owner, 'service'>, name: string, address: string) =>
  endOf(
    useCases(ports).sessions.login.execute(asService(service, { address, client: 'curl' }), {
      email: `${name}@example.com`,
      password: PASSWORD,
    }),
  );
const chainOf = (w: World, serviceId: Id | null): Promise<AuditEntry[]> =>
  w.database.read(({ audit }) => audit.follow(serviceId, 0, 10_000));
/** Records what was summed in the minutes before that instant. */
const recordAt = (w: World, now: number) => {
  w.clock.set(now);
  return w.useCases.audit.recordSums.execute(operator);
};
const outline = (entries: readonly AuditEntry[]) =>
  entries.map(({ type, origin, count }) => [type, origin?.address, count]);

describe('failures at names that nobody has', () => {
  test('have an entry for each network and minute, when the minute is over', async () => {
    const w = world();
    const owner = await w.addOwner();
    for (let i = 0; i < 20; i += 1) {
      const end = await guess(w, owner, `nobody-${i}`, i % 5 === 0 ? '2001:db8::1' : '192.0.2.7');
      expect(end).toBeInstanceOf(InvalidCredentials);
    }
    expect(await recordAt(w, minute + MINUTE_MS - 1)).toBe(0);
    w.clock.set(minute + MINUTE_MS);
    await guess(w, owner, 'nobody', '192.0.2.7');
    expect(await chainOf(w, owner.service.id)).toEqual([]);

    expect(await recordAt(w, minute + MINUTE_MS)).toBe(2);
    const entries = await chainOf(w, owner.service.id);
    expect(outline(entries)).toEqual([
      ['sso:AuthLocalLogin', '192.0.2.7', 16],
      ['sso:AuthLocalLogin', '2001:db8:0:0::/64', 4],
    ]);
    for (const entry of entries) {
      const nobody = { userId: null, subjectId: null, outcome: 'failure' };
      expect(entry).toMatchObject({
        ...nobody,
        createdAt: minute + MINUTE_MS,
        origin: { client: null },
      });
    }
    expect(await recordAt(w, minute + MINUTE_MS)).toBe(0);
    expect(await recordAt(w, minute + 2 * MINUTE_MS)).toBe(1);
  });

  test('are told apart by service and type', async () => {
    const w = world();
    const owners = [await w.addOwner(), await w.addOwner()];
    for (const owner of owners) {
      await guess(w, owner, 'nobody', '192.0.2.7');
      const asked = { userId: owner.service.id, code: '000000' };
      await endOf(w.useCases.factors.verifyTotp.execute(asService(owner.service), asked));
    }
    expect(await recordAt(w, minute + MINUTE_MS)).toBe(4);
    for (const { service } of owners) {
      expect(outline(await chainOf(w, service.id)).toSorted()).toEqual([
        ['sso:AuthLocalLogin', '192.0.2.7', 1],
        ['sso:AuthTotp', '192.0.2.7', 1],
      ]);
    }
  });

  test('take eleven entries a minute at most, from however many networks: the loudest ten have one each', async () => {
    const w = world();
    const owner = await w.addOwner();
    const addresses = Array.from({ length: 1234 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const loud = addresses.slice(-10);
    for (const address of [...addresses, ...loud]) {
      await guess(w, owner, `nobody-${address}`, address);
    }
    expect(await recordAt(w, minute + MINUTE_MS)).toBe(11);
    const entries = outline(await chainOf(w, owner.service.id));
    expect(entries.slice(0, 10)).toEqual(loud.map((address) => ['sso:AuthLocalLogin', address, 2]));
    expect(entries[10]).toEqual(['sso:AuthLocalLogin', undefined, 1224]);
  });

  test('that bring a wait are told of once a minute, and not one by one', async () => {
    const throttle = { ...settings.throttle, accountFree: 1 };
    const w = { ...world(), settings: { ...settings, throttle } };
    const owner = await w.addOwner();
    for (let i = 0; i < 5; i += 1) await guess(w, owner, `nobody-${i}`, '192.0.2.7');
    const events = () => (w.database.snapshot() as { events: [Id, { type: string }][] }).events;
    expect(events()).toEqual([]);
    await recordAt(w, minute + MINUTE_MS);
    expect(events().map(([, event]) => event)).toMatchObject([
      { type: 'throttle.reached', serviceId: owner.service.id, userId: null },
    ]);
    expect(outline(await chainOf(w, owner.service.id)).toSorted()).toEqual([
      ['rekey:Throttle', '192.0.2.7', 5],
      ['sso:AuthLocalLogin', '192.0.2.7', 5],
    ]);
  });

  test('are in chains that are whole', async () => {
    const w = world();
    await w.useCases.audit.beginAudit.execute(operator);
    const input = { name: 'Shop', url: 'https://shop.example' };
    const made = await w.useCases.services.createServiceWithKey.execute(operator, input);
    for (let i = 0; i < 3; i += 1) await guess(w, made, `nobody-${i}`, `192.0.2.${i}`);
    await recordAt(w, minute + MINUTE_MS);
    const reports = await w.useCases.audit.verifyAudit.execute(operator);
    expect(reports).toMatchObject([
      { serviceId: null, fault: null },
      { serviceId: made.service.id, length: 4, fault: null },
    ]);
  });

  test('are recorded by the server and the operator at the command line alone', async () => {
    const w = world();
    const owner = await w.addOwner();
    const actors = [asService(owner.service), asUser(await w.logIn(owner)), root, nobody];
    for (const actor of actors) {
      const recording = w.useCases.audit.recordSums.execute(actor);
      expect(await endOf(recording)).toBeInstanceOf(Unauthorized);
    }
  });
});

describe('wrong keys of services', () => {
  const narrow = () => {
    const throttle = { ...settings.throttle, clientPerMinute: 30 };
    return { ...world(), settings: { ...settings, throttle } };
  };
  const present = (ports: Ports, key: string, address = '192.0.2.7') =>
    endOf(
      useCases(ports).callers.authenticateKey.execute(asNobody({ address, client: null }), { key }),
    );
  const typesOf = async (w: World): Promise<[string, number][]> =>
    (await chainOf(w, null)).map(({ type, count }): [string, number] => [type, count]).toSorted();

  test('are refused, counted by network and summed up in the operator’s chain', async () => {
    const w = narrow();
    for (let i = 0; i < 30; i += 1) {
      expect(await present(w, `rks_${i}`)).toBeInstanceOf(Unauthorized);
    }
    for (let i = 0; i < 600; i += 1) {
      const end = await present(w, `rks_${i}`);
      expect(end).toBeInstanceOf(TooManyRequests);
      expect(end).toMatchObject({ retryAfterS: 2, limit: { name: 'key', quota: 30 } });
    }
    expect(await present(w, 'rks_0', '192.0.2.8')).toBeInstanceOf(Unauthorized);
    w.clock.set(START + 2000);
    expect(await present(w, 'rks_0')).toBeInstanceOf(Unauthorized);
    expect(await present(w, 'rks_0')).toBeInstanceOf(TooManyRequests);

    expect(await recordAt(w, minute + MINUTE_MS)).toBe(3);
    expect(await typesOf(w)).toEqual([
      ['rekey:KeyAuth', 1],
      ['rekey:KeyAuth', 31],
      // The one that filled the bucket, and the one that filled it again.
      ['rekey:Throttle', 2],
    ]);
  });

  test('do not keep a right one out', async () => {
    const w = narrow();
    const { value } = await w.useCases.keys.createRootKey.execute(operator, { name: 'ops' });
    for (let i = 0; i < 40; i += 1) await present(w, `rks_${i}`);
    expect(await present(w, 'rks_0')).toBeInstanceOf(TooManyRequests);
    expect(await present(w, value)).toBe('done');
  });

  test('that are turned away write nothing, and wait for no lock', async () => {
    const w = narrow();
    for (let i = 0; i < 30; i += 1) await present(w, `rks_${i}`);
    const transact = () => Promise.reject(new Error('planted'));
    const reading = { ...w, database: { ...w.database, transact } };
    expect(await present(reading, 'rks_30')).toBeInstanceOf(TooManyRequests);
  });

  test('leave no trace of what was presented', async () => {
    const w = narrow();
    await present(w, 'rks_planted');
    await recordAt(w, minute + MINUTE_MS);
    const kept = JSON.stringify(w.database.snapshot());
    expect(kept).not.toContain('planted');
    expect(kept).not.toContain(w.secrets.digest('rks_planted'));
  });
});
