import {
  DAY_MS,
  type Event,
  formServiceId,
  formServiceName,
  operator,
  Unauthorized,
} from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asNobody, asService, endOf, nobody, root, START, world } from '../../testing/index.ts';

const EXPIRY = START + 30 * DAY_MS;

/** An owner with a KEY that expires after 30 days. */
async function prepare(at: Parameters<ReturnType<typeof world>['addOwner']> = []) {
  const w = world();
  const owner = await w.addOwner(...at);
  const { user, service } = owner;
  const of = { serviceId: service.id, userId: user.id, type: 'KEY' } as const;
  const key = await w.addKey({ ...of, expiresAt: EXPIRY });
  const tell = async (now: number) => {
    w.clock.set(now);
    const told = await w.useCases.maintenance.tellExpiringKeys.execute(operator);
    await w.deliver();
    return told;
  };
  const mails = () => w.channels.mail.sent.filter(({ kind }) => kind === 'key_expiring');
  const events = () => {
    const { events } = w.database.snapshot() as { events: [string, Event][] };
    return events.map(([, event]) => event).filter(({ type }) => type === 'key.expiring');
  };
  return { w, owner, of, key, tell, mails, events };
}

describe('a KEY that is about to expire', () => {
  test('is told to its owner and to its service seven days before, once', async () => {
    const { owner, key, tell, mails, events } = await prepare();
    expect(await tell(EXPIRY - 7 * DAY_MS - 1)).toBe(0);
    expect(mails()).toEqual([]);
    for (const expected of [1, 0, 0]) expect(await tell(EXPIRY - 7 * DAY_MS)).toBe(expected);
    const { name, prefix, expiresAt } = key;
    expect(mails()).toMatchObject([
      { to: owner.user.email, service: { name: 'Shop' }, key: { name, prefix, expiresAt } },
    ]);
    const { user, service } = owner;
    expect(events()).toMatchObject([
      { serviceId: service.id, userId: user.id, subjectId: key.id, type: 'key.expiring' },
    ]);
  });

  test('is told late rather than never, and not once it has expired', async () => {
    const late = await prepare();
    expect(await late.tell(EXPIRY - 1)).toBe(1);
    const tooLate = await prepare();
    expect(await tooLate.tell(EXPIRY)).toBe(0);
    expect(tooLate.mails()).toEqual([]);
  });

  test('is told again where its expiry was changed since', async () => {
    const { w, owner, key, tell, mails } = await prepare();
    await tell(EXPIRY - DAY_MS);
    await w.useCases.keys.updateKey.execute(asService(owner.service), {
      id: key.id,
      expiresAt: new Date(EXPIRY + 90 * DAY_MS).toISOString(),
    });
    expect(await tell(EXPIRY + 80 * DAY_MS)).toBe(0);
    expect(await tell(EXPIRY + 84 * DAY_MS)).toBe(1);
    expect(mails()).toHaveLength(2);
  });

  test('has a link in its mail that locks nothing', async () => {
    const { w, owner, tell, mails } = await prepare();
    await tell(EXPIRY - DAY_MS);
    const token = new URL(mails()[0]?.link ?? '').searchParams.get('token') ?? '';
    const { lockAccount } = w.useCases.recovery;
    const pressed = lockAccount.execute(asService(owner.service), { token });
    expect(await endOf(pressed)).toMatchObject({ name: 'InvalidOneTimeToken' });
  });
});

describe('nobody is told of', () => {
  test('a key that is disabled or revoked, a TOKEN, a service key, or the key of somebody who is disabled', async () => {
    const { w, of, tell, mails } = await prepare([{ isEnabled: false }]);
    const { serviceId } = of;
    const { user } = await w.addOwner();
    const own = { ...of, userId: user.id, expiresAt: EXPIRY };
    await w.addKey({ ...own, isEnabled: false });
    await w.addKey({ ...own, isEnabled: false, isRevoked: true });
    await w.addKey({ ...own, type: 'TOKEN' });
    await w.addKey({ ...own, userId: null, serviceId });
    expect(await tell(EXPIRY - DAY_MS)).toBe(0);
    expect(mails()).toEqual([]);
  });

  test('a key that was made for a day', async () => {
    const { w, of, tell, mails } = await prepare();
    await w.addKey({ ...of, createdAt: START, expiresAt: START + DAY_MS });
    await tell(START + 1);
    expect(mails()).toEqual([]);
    await w.addKey({ ...of, createdAt: START, expiresAt: START + DAY_MS + 1 });
    await tell(START + 1);
    expect(mails()).toHaveLength(1);
  });
});

test('many keys are told of in one run', async () => {
  const { w, of, tell, mails } = await prepare();
  for (let n = 0; n < 250; n += 1) await w.addKey({ ...of, expiresAt: EXPIRY + n });
  expect(await tell(EXPIRY - DAY_MS)).toBe(251);
  expect(mails()).toHaveLength(251);
});

test('an account that nobody vouches for is told when the budget of its mailbox has room', async () => {
  const w = world();
  const form = await w.addService({ id: formServiceId, name: formServiceName });
  const { user } = await w.addOwner({}, { service: form });
  const shop = await w.addService();
  await w.addKey({ serviceId: shop.id, userId: user.id, type: 'KEY', expiresAt: EXPIRY });
  const { maintenance, passwords } = w.useCases;
  const now = EXPIRY - 2 * DAY_MS;
  w.clock.set(now);
  for (let n = 0; n < 10; n += 1) {
    await passwords.requestReset.execute(asNobody(), { email: user.email });
  }
  expect(await maintenance.tellExpiringKeys.execute(operator)).toBe(0);
  expect(w.mailTally.limits).toEqual(['mailbox']);
  w.clock.set(now + DAY_MS);
  expect(await maintenance.tellExpiringKeys.execute(operator)).toBe(1);
});

test('only the server tells of keys', async () => {
  const { w, owner } = await prepare();
  for (const actor of [asService(owner.service), root, nobody]) {
    const end = await endOf(w.useCases.maintenance.tellExpiringKeys.execute(actor));
    expect(end).toBeInstanceOf(Unauthorized);
  }
});
