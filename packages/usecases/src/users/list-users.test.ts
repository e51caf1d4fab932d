import { type Actor, IllegalArgument, operator, Unauthorized, type User } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import {
  anId,
  asService,
  asUser,
  endOf,
  nobody,
  root,
  type World,
  world,
} from '../../testing/index.ts';
import type { ListUsersInput } from './list-users.ts';

const list = (w: World, actor: Actor, input: Partial<ListUsersInput> = {}) =>
  w.useCases.users.listUsers.execute(actor, { limit: 50, ...input });

/** A service with users of such names, in this order of their ids. */
async function prepare(...names: string[]) {
  const w = world();
  const service = await w.addService();
  const users: User[] = [];
  for (const name of names) users.push(await w.addUser(service, { name }));
  const by = asService(service);
  const named = async (input: Partial<ListUsersInput> = {}, actor: Actor = by) =>
    (await list(w, actor, input)).users.map(({ name }) => name);
  return { w, service, by, users, id: (n: number) => users[n]!.id, names: named };
}

const fieldsOf = (error: unknown) => {
  expect(error).toBeInstanceOf(IllegalArgument);
  return (error as IllegalArgument).violations.map(({ field, code }) => `${field} ${code}`);
};

describe('a list of users', () => {
  test('has those that a service made or has a key of, and all for who sees all', async () => {
    const { w, by, users, names } = await prepare('a', 'b');
    const other = await w.addService();
    const foreign = await w.addUser(other, { name: 'c' });
    await w.addKey({ userId: users[0]!.id, serviceId: other.id, isRevoked: true });
    await w.addKey({ userId: users[1]!.id, serviceId: other.id, type: 'TOTP' });
    expect(await names()).toEqual(['a', 'b']);
    expect(await names({}, asService(other))).toEqual(['a', 'c']);
    const wide = asService(await w.addService({ seesAllUsers: true }));
    for (const actor of [root, operator, wide]) {
      expect(await names({}, actor)).toEqual(['a', 'b', 'c']);
    }
    expect(await names({ ids: [foreign.id] }, by)).toEqual([]);
    expect(await names({ emails: [foreign.email.toUpperCase()] }, wide)).toEqual(['c']);
  });

  test('has what the one who looks keeps with each user', async () => {
    const { w, service, by, id } = await prepare('a');
    const other = await w.addService({ seesAllUsers: true });
    await w.database.transact(async ({ users }) => {
      await users.setAttributes(id(0), service.id, { of: 'maker' });
      await users.setAttributes(id(0), other.id, { of: 'other' });
    });
    const kept = async (actor: Actor) => (await list(w, actor)).users[0]?.attributes;
    expect(await kept(by)).toEqual({ of: 'maker' });
    expect(await kept(asService(other))).toEqual({ of: 'other' });
    expect(await kept(root)).toEqual({ of: 'maker' });
  });

  test('is refused to people', async () => {
    const { w } = await prepare();
    const grant = await w.logIn(await w.addOwner());
    for (const actor of [nobody, asUser(grant)]) {
      expect(await endOf(list(w, actor))).toBeInstanceOf(Unauthorized);
    }
  });
});

describe('a page by id', () => {
  test('is the first ones after an id, or the last ones before it, ascending', async () => {
    const { names, id } = await prepare('a', 'b', 'c', 'd', 'e');
    const limit = 2;
    expect(await names({ limit })).toEqual(['a', 'b']);
    expect(await names({ limit, gt: id(1) })).toEqual(['c', 'd']);
    expect(await names({ limit, lt: id(3) })).toEqual(['b', 'c']);
    expect(await names({ limit, gt: id(0), lt: id(4) })).toEqual(['b', 'c']);
    expect(await names({ limit, gt: id(4) })).toEqual([]);
  });

  test.each(['asc', 'desc'] as const)(
    'goes on with its next, %s, and misses none',
    async (order) => {
      const { w, by } = await prepare('a', 'b', 'c', 'd');
      const walked: string[] = [];
      for (let after: string | undefined; ; ) {
        const { users, next } = await list(w, by, { limit: 2, order, after });
        walked.push(...users.map(({ name }) => name));
        if (next === null) break;
        after = next;
      }
      expect(walked).toEqual(order === 'asc' ? ['a', 'b', 'c', 'd'] : ['d', 'c', 'b', 'a']);
    },
  );

  test('has no next where nothing comes after it, however full it is', async () => {
    const { w, by, id } = await prepare('a', 'b', 'c', 'd');
    const next = async (input: Partial<ListUsersInput>) => (await list(w, by, input)).next;
    for (const order of ['asc', 'desc'] as const) {
      expect([order, await next({ limit: 4, order })]).toEqual([order, null]);
      expect([order, await next({ limit: 1, order, ids: [id(1)] })]).toEqual([order, null]);
    }
    expect(await next({ limit: 2, gt: id(1) })).toBeNull();
    expect(await next({ limit: 2, gt: id(0), lt: id(3) })).toBeNull();
    expect(await next({ limit: 2, lt: id(2) })).toBeNull();
    expect(await next({ limit: 2, lt: id(3) })).toBeNull();
    expect(await next({ limit: 4, search: 'user' })).toBeNull();
    expect(await next({ limit: 3, search: 'user' })).toBe(id(2));
  });

  test('takes the id of anybody, and of nobody, for a place', async () => {
    const { w, names } = await prepare('a', 'b');
    const foreign = await w.addUser(await w.addService());
    for (const gt of [foreign.id, anId()]) expect(await names({ gt })).toEqual([]);
    for (const lt of [foreign.id, anId()]) expect(await names({ lt })).toEqual(['a', 'b']);
  });
});

describe('a page by name', () => {
  test('is from a name on, or up to one, ascending, however names are written', async () => {
    const { names } = await prepare('eee', 'Ddd', 'ccc', 'BBB', 'aaa');
    const limit = 2;
    expect(await names({ limit, nameGe: '_' })).toEqual(['aaa', 'BBB']);
    expect(await names({ limit, nameGe: 'bbb' })).toEqual(['BBB', 'ccc']);
    expect(await names({ limit, nameLe: 'ddd' })).toEqual(['ccc', 'Ddd']);
    expect(await names({ limit, nameGe: 'b', nameLe: 'd' })).toEqual(['BBB', 'ccc']);
    expect(await names({ nameGe: 'CCC', nameLe: 'ccc' })).toEqual(['ccc']);
  });

  test('goes on from the last row that was seen, either way, through any number of one name', async () => {
    const { w, by } = await prepare('b', 'a', 'A', 'a', 'a', 'c', 'a');
    const forward: User[] = [];
    for (let last: User | undefined; ; ) {
      const place = last ? { nameGe: last.name, offsetId: last.id } : { nameGe: '' };
      const { users } = await list(w, by, { limit: 2, ...place });
      forward.push(...users);
      last = users.at(-1);
      if (users.length < 2) break;
    }
    const back: User[] = [];
    for (let first: User | undefined; ; ) {
      const place = first ? { nameLe: first.name, offsetId: first.id } : { nameLe: 'zzz' };
      const { users } = await list(w, by, { limit: 2, ...place });
      back.unshift(...users);
      first = users[0];
      if (users.length < 2) break;
    }
    expect(forward.map(({ name }) => name.toLowerCase())).toEqual([
      'a',
      'a',
      'a',
      'a',
      'a',
      'b',
      'c',
    ]);
    expect(back).toEqual(forward);
  });

  test('goes on from a row that is gone', async () => {
    const { w, users, names } = await prepare('a', 'b', 'c');
    await w.useCases.users.deleteUser.execute(root, { id: users[1]!.id });
    expect(await names({ nameGe: 'b', offsetId: users[1]!.id })).toEqual(['c']);
    expect(await names({ nameLe: 'b', offsetId: users[1]!.id })).toEqual(['a']);
  });

  test('is not mixed with one by id: all that does not belong there is refused at once', async () => {
    const { w, by } = await prepare();
    const id = anId();
    const mixed = { nameGe: 'a', gt: id, lt: id, after: id, order: 'desc' } as const;
    expect(fieldsOf(await endOf(list(w, by, mixed)))).toEqual([
      'gt not_allowed',
      'lt not_allowed',
      'after not_allowed',
      'order not_allowed',
    ]);
    expect(fieldsOf(await endOf(list(w, by, { offsetId: id })))).toEqual(['offsetId not_allowed']);
  });
});

describe('a filter', () => {
  test('lets any of its values through, and all filters together what each lets through', async () => {
    const { users, names, id } = await prepare('a', 'b', 'c');
    expect(await names({ ids: [id(0), id(2)] })).toEqual(['a', 'c']);
    const emails = [users[1]!.email, users[2]!.email];
    expect(await names({ emails })).toEqual(['b', 'c']);
    expect(await names({ ids: [id(0), id(2)], emails })).toEqual(['c']);
    expect(await names({ ids: [id(0), id(2)], lt: id(2) })).toEqual(['a']);
    expect(await names({ emails: ['no address'] })).toEqual([]);
  });

  test('takes an address in any spelling', async () => {
    const { w, service, names } = await prepare();
    await w.addUser(service, { name: 'a', email: 'ada@xn--bcher-kva.example' });
    for (const text of ['ADA@bücher.example', 'ada@XN--BCHER-KVA.example']) {
      expect(await names({ emails: [text] })).toEqual(['a']);
      expect(await names({ search: text })).toEqual(['a']);
    }
  });

  test('finds the beginning of a name or an address in any case', async () => {
    const { w, service, names } = await prepare('Ada', 'bADA', 'Åsa');
    await w.addUser(service, { name: 'Zoë', email: 'adamant@example.com' });
    expect(await names({ search: 'aDA' })).toEqual(['Ada', 'Zoë']);
    expect(await names({ search: 'åS' })).toEqual(['Åsa']);
    expect(await names({ search: 'ada', limit: 1, nameGe: 'b' })).toEqual(['Zoë']);
    expect(await names({ search: 'da' })).toEqual([]);
  });

  test('refuses a search for nothing', async () => {
    const { w, by } = await prepare();
    expect(fieldsOf(await endOf(list(w, by, { search: ' ' })))).toEqual(['search malformed']);
  });

  test('by state finds those that are disabled', async () => {
    const { w, service, names } = await prepare('a');
    await w.addUser(service, { name: 'b', isEnabled: false });
    expect(await names({ isEnabled: false })).toEqual(['b']);
    expect(await names({ isEnabled: true })).toEqual(['a']);
  });
});
