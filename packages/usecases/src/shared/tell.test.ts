import { type Event, formServiceId, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  asNobody,
  asService,
  asUser,
  endOf,
  failingAt,
  keyValue,
  ORIGIN,
  type Owner,
  PASSWORD,
  planted,
  root,
  START,
  tokenIn,
  type World,
  settings as wide,
  world,
} from '../../testing/index.ts';
import { type Ports, useCases } from '../index.ts';

const eventsOf = (w: World): Event[] =>
  (w.database.snapshot() as { events: [string, Event][] }).events.map(([, event]) => event);

/** An event, but for its own id and instant. */
type Told = Pick<Event, 'type' | 'serviceId' | 'userId' | 'subjectId' | 'data'>;
type Change = {
  /** Makes ready for the change, and answers how to make it on some ports. */
  prepare(w: World, owner: Owner): Promise<(ports: Ports) => Promise<unknown>>;
  told(owner: Owner): Partial<Told>[];
};

const changes: [string, Change][] = [
  [
    'a user that a service creates',
    {
      prepare: async (_w, { service }) => {
        const input = { isEnabled: true, name: 'Eve', email: 'eve@example.com' };
        return (ports) => useCases(ports).users.createUser.execute(asService(service), input);
      },
      told: ({ service }) => [{ type: 'user.created', serviceId: service.id }],
    },
  ],
  [
    'a sign-up',
    {
      prepare: async (w) => {
        await w.useCases.services.openFormService.execute(operator);
        const input = { isEnabled: true, name: 'Eve', email: 'eve@example.com' };
        // Counted from elsewhere each time.
        let count = 0;
        return (ports) => {
          count += 1;
          const actor = asNobody({ ...ORIGIN, address: `192.0.2.${count}` });
          return useCases(ports).users.createUser.execute(actor, input);
        };
      },
      told: () => [
        { type: 'user.created', serviceId: formServiceId },
        { type: 'key.created', serviceId: formServiceId },
      ],
    },
  ],
  [
    'a new key',
    {
      prepare: async (_w, { user, service }) => {
        const input = { isEnabled: true, type: 'KEY', name: 'cron', userId: user.id } as const;
        return (ports) => useCases(ports).keys.createKey.execute(asService(service), input);
      },
      told: ({ user, service }) => [
        { type: 'key.created', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'the end of a key',
    {
      prepare: async (_w, { service, tokenKey }) => {
        const input = { value: keyValue(tokenKey) };
        return (ports) => useCases(ports).keys.revokeKey.execute(asService(service), input);
      },
      told: ({ user, service, tokenKey: { id } }) => [
        { type: 'key.revoked', serviceId: service.id, userId: user.id, subjectId: id },
      ],
    },
  ],
  [
    'a login',
    {
      prepare: async (_w, { user, service }) => {
        const claim = { email: user.email, password: PASSWORD } as const;
        return (ports) => useCases(ports).sessions.login.execute(asService(service), claim);
      },
      told: ({ user, service }) => [
        { type: 'session.started', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'a changed password',
    {
      prepare: async (w, owner) => (ports) =>
        useCases(ports).passwords.updatePassword.execute(asService(owner.service), w.change(owner)),
      told: ({ user, service }) => [
        { type: 'password.changed', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'a new name',
    {
      prepare: async (_w, { user, service }) => {
        const input = { id: user.id, name: 'Eve' };
        return (ports) => useCases(ports).users.updateUser.execute(asService(service), input);
      },
      told: ({ user, service }) => [
        { type: 'user.updated', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'a user that is disabled',
    {
      prepare: async (_w, { user, service }) => {
        const input = { id: user.id, isEnabled: false };
        return (ports) => useCases(ports).users.updateUser.execute(asService(service), input);
      },
      told: ({ user, service }) => [
        { type: 'user.disabled', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'a user that is deleted',
    {
      prepare: async (_w, { user }) => {
        const { id } = user;
        return (ports) => useCases(ports).users.deleteUser.execute(root, { id });
      },
      told: ({ user, service }) => [
        { type: 'user.deleted', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'a new address',
    {
      prepare: async (_w, { user, service }) => {
        const input = { email: user.email, password: PASSWORD, newEmail: 'eve@example.com' };
        return (ports) => useCases(ports).users.updateEmail.execute(asService(service), input);
      },
      told: ({ user, service }) => [
        { type: 'email.changed', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'a locked account',
    {
      prepare: async (w, owner) => {
        const token = await w.changeAndReadMail(owner);
        return (ports) =>
          useCases(ports).recovery.lockAccount.execute(asService(owner.service), {
            token,
          });
      },
      told: ({ user, service, tokenKey: { id } }) => [
        { type: 'key.revoked', serviceId: service.id, userId: user.id, subjectId: id },
        { type: 'user.locked', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'an account that is taken back',
    {
      prepare: async (w, owner) => {
        const by = asService(owner.service);
        const { recovery } = w.useCases;
        await recovery.lockAccount.execute(by, { token: await w.changeAndReadMail(owner) });
        await recovery.recoverUser.execute(by, { id: owner.user.id });
        await w.deliver();
        const token = tokenIn(w.channels.mail.sent.at(-1)?.link ?? '');
        const given = { token, password: 'one that nobody had' };
        return (ports) => useCases(ports).recovery.confirmRecovery.execute(by, given);
      },
      told: ({ user, service }) => [
        { type: 'user.recovered', serviceId: service.id, userId: user.id },
        { type: 'key.created', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'a revoked token',
    {
      prepare: async (w, owner) => {
        const { token } = await w.logIn(owner);
        return (ports) =>
          useCases(ports).sessions.revokeToken.execute(asService(owner.service), { token });
      },
      told: ({ user, service, tokenKey: { id } }) => [
        { type: 'key.revoked', serviceId: service.id, userId: user.id, subjectId: id },
      ],
    },
  ],
  [
    'a stolen refresh token',
    {
      prepare: async (w, owner) => {
        const by = asService(owner.service);
        const { refresh: token } = await w.logIn(owner);
        await w.useCases.sessions.refreshToken.execute(by, { token });
        return async (ports) => {
          const end = await endOf(useCases(ports).sessions.refreshToken.execute(by, { token }));
          if (end === planted) throw planted;
          expect(end).toMatchObject({ code: 'invalid_token' });
        };
      },
      told: ({ user, service }) => [
        { type: 'token.theft', serviceId: service.id, userId: user.id },
      ],
    },
  ],
  [
    'a failure that brings a wait',
    {
      prepare: async (_w, { user, service }) => {
        const claim = { email: user.email, password: 'wrong' } as const;
        // Counted from elsewhere each time.
        let count = 0;
        return async (ports) => {
          count += 1;
          const throttle = { ...wide.throttle, accountFree: 1 };
          const { login } = useCases({ ...ports, settings: { ...wide, throttle } }).sessions;
          const actor = asService(service, { ...ORIGIN, address: `192.0.2.${count}` });
          const end = await endOf(login.execute(actor, claim));
          if (end === planted) throw planted;
          expect(end).toMatchObject({ code: 'invalid_credentials' });
        };
      },
      told: ({ user, service }) => [
        { type: 'throttle.reached', serviceId: service.id, userId: user.id },
      ],
    },
  ],
];

describe.each(changes)('%s', (_what, { prepare, told }) => {
  test('is told with an id and an instant, in its transaction', async () => {
    const w = world();
    const owner = await w.addOwner();
    const change = await prepare(w, owner);
    const before = eventsOf(w);

    // Wherever its transaction fails, nothing is told.
    let step = 1;
    for (; ; step += 1) {
      const end = await endOf(change({ ...w, database: failingAt(w.database, step) }));
      if (end === 'done') break;
      expect(end).toBe(planted);
      expect(eventsOf(w)).toEqual(before);
    }
    expect(step).toBeGreaterThan(2);

    const events = eventsOf(w).slice(before.length);
    expect(events).toMatchObject(told(owner));
    expect(events).toHaveLength(told(owner).length);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    for (const { createdAt } of events) expect(createdAt).toBe(START);
  });

  test('is told to all who see the user where it is about the user, and else to one service', async () => {
    const w = world();
    const owner = await w.addOwner();
    const [wide, other] = [await w.addService({ seesAllUsers: true }), await w.addService()];
    await w.addKey({ userId: owner.user.id, serviceId: other.id, type: 'KEY', isRevoked: true });
    const change = await prepare(w, owner);
    const before = eventsOf(w);
    await change(w);
    const events = eventsOf(w).slice(before.length);
    const shared = told(owner)
      .filter(({ type }) => /^(?:user|password|email|factor)\./.test(type ?? ''))
      .map(({ type }) => ({ type, subjectId: null }));
    const toldTo = ({ id }: { readonly id: string }) =>
      events.filter(({ serviceId }) => serviceId === id);
    expect(toldTo(wide)).toMatchObject(shared);
    expect(toldTo(wide)).toHaveLength(shared.length);
    const isOfOwner = events.every(({ userId }) => userId === owner.user.id);
    expect(toldTo(other)).toMatchObject(isOfOwner ? shared : []);
    expect(toldTo(other)).toHaveLength(isOfOwner ? shared.length : 0);
  });
});

test('a change of the password names the session that goes on to the service of that session alone', async () => {
  const w = world();
  const owner = await w.addOwner();
  const other = await w.addService({ seesAllUsers: true });
  const of = await w.logIn(owner);
  const { updatePassword } = w.useCases.passwords;
  await updatePassword.execute(asUser(of), w.change(owner));
  const told = eventsOf(w).filter(({ type }) => type === 'password.changed');
  expect(told.map(({ serviceId, data }) => [serviceId, data])).toEqual([
    [owner.service.id, { kept_session_id: of.sessionId }],
    [other.id, {}],
  ]);
});

test('a change of a user names the fields, and attributes to the service alone that keeps them', async () => {
  const w = world();
  const owner = await w.addOwner();
  const other = await w.addService({ seesAllUsers: true });
  const by = asService(owner.service);
  const { updateUser } = w.useCases.users;
  const before = eventsOf(w).length;
  await updateUser.execute(by, { id: owner.user.id, name: 'Eve', attributes: { plan: 'gold' } });
  await updateUser.execute(by, { id: owner.user.id, attributes: { plan: 'silver' } });
  const told = eventsOf(w).slice(before);
  expect(told.map(({ serviceId, data }) => [serviceId, data])).toEqual([
    [owner.service.id, { fields: ['name', 'attributes'] }],
    [other.id, { fields: ['name'] }],
    [owner.service.id, { fields: ['attributes'] }],
  ]);
});

test('a service that is disabled or deleted is told of it', async () => {
  const w = world();
  const service = await w.addService();
  const { updateService, deleteService } = w.useCases.services;
  await updateService.execute(root, { id: service.id, isEnabled: false });
  await updateService.execute(root, { id: service.id, name: 'Other' });
  await deleteService.execute(root, { id: service.id });
  expect(eventsOf(w)).toMatchObject([
    { type: 'service.disabled', serviceId: service.id, userId: null },
    { type: 'service.deleted', serviceId: service.id, userId: null },
  ]);
});

test('events hold ids and instants alone, and nothing personal', async () => {
  const w = world();
  const owner = await w.addOwner();
  const token = await w.changeAndReadMail(owner);
  const by = asService(owner.service);
  await w.useCases.recovery.lockAccount.execute(by, { token });
  expect(tokenIn(w.channels.mail.sent[0]!.link)).toBe(token);
  for (const event of eventsOf(w)) {
    expect(Object.keys(event).sort()).toEqual([
      'createdAt',
      'data',
      'id',
      'sequence',
      'serviceId',
      'subjectId',
      'type',
      'userId',
    ]);
  }
  const kept = JSON.stringify(eventsOf(w));
  for (const said of [owner.user.email, owner.user.name, ORIGIN.address, token]) {
    expect(kept).not.toContain(said);
  }
});

test.each([
  [
    'refreshing',
    async (w: World, owner: Owner) => {
      const { refresh: token } = await w.logIn(owner);
      return () => w.useCases.sessions.refreshToken.execute(asService(owner.service), { token });
    },
  ],
  ['a wrong password', async (w: World, owner: Owner) => () => endOf(w.logIn(owner, 'wrong'))],
  [
    'a one-time code',
    async (w: World, owner: Owner) => {
      const { seed } = await w.addTotp(owner);
      const asked = { userId: owner.user.id, code: w.totp.codeAt(seed, START) };
      return () => w.useCases.factors.verifyTotp.execute(asService(owner.service), asked);
    },
  ],
])('%s changes nothing that anybody is told of', async (_what, prepare) => {
  const w = world();
  const owner = await w.addOwner();
  const act = await prepare(w, owner);
  const before = eventsOf(w);
  await act();
  expect(eventsOf(w)).toEqual(before);
});
