import { formServiceId, type Id, type Origin, operator, type Place } from '@rekey/domain';
import { expect, test } from 'vitest';
import {
  asNobody,
  asService,
  asUser,
  endOf,
  foreignHash,
  type Owner,
  PASSWORD,
  type World,
  world,
} from '../../testing/index.ts';
import { type Hasher, type UseCases, useCases } from '../index.ts';

const origin: Origin = { address: '203.0.113.9', client: 'browser' };

type Act = (all: UseCases, owner: Owner, w: World) => Promise<unknown>;

const profile = { isEnabled: true, name: 'Eve', email: 'eve@example.com', password: PASSWORD };
const claim = ({ user }: Owner, password = PASSWORD) => ({ email: user.email, password }) as const;

/** `serviceId`: where it is not that of the owner. */
const acts: [name: string, hashes: number, act: Act, serviceId?: Id][] = [
  [
    // The proof, and the hash of the current settings that takes the place of a foreign one.
    'a login',
    2,
    ({ sessions }, owner) => sessions.login.execute(asService(owner.service, origin), claim(owner)),
  ],
  [
    'a wrong login',
    1,
    ({ sessions }, owner) =>
      endOf(sessions.login.execute(asService(owner.service, origin), claim(owner, 'wrong'))),
  ],
  [
    'a change through a service',
    2,
    ({ passwords }, owner, w) =>
      passwords.updatePassword.execute(asService(owner.service, origin), w.change(owner)),
  ],
  [
    'a change with a session',
    2,
    async ({ passwords }, owner, w) =>
      passwords.updatePassword.execute(asUser(await w.logIn(owner), origin), w.change(owner)),
  ],
  [
    'a user that a service makes',
    1,
    ({ users }, owner) => users.createUser.execute(asService(owner.service, origin), profile),
  ],
  [
    'a sign-up',
    1,
    ({ users }) => users.createUser.execute(asNobody(origin), profile),
    formServiceId,
  ],
];

test.each(acts)(
  'every hash of %s waits for its turn where it was asked for',
  async (_, hashes, act, at) => {
    const w = world();
    await w.useCases.services.openFormService.execute(operator);
    const owner = await w.addOwner({}, { passwordHash: foreignHash(PASSWORD) });
    const [admitted, hashed]: [Place[], Place[]] = [[], []];
    const hasher: Hasher = {
      ...w.hasher,
      admit: (place) => void admitted.push(place),
      hash: (password, place) => {
        hashed.push(place);
        return w.hasher.hash(password, place);
      },
      verify: (password, stored, place) => {
        hashed.push(place);
        return w.hasher.verify(password, stored, place);
      },
    };
    await act(useCases({ ...w, hasher }), owner, w);
    const place = { serviceId: at ?? owner.service.id, origin };
    expect(hashed).toEqual(Array.from({ length: hashes }, () => place));
    for (const each of admitted) expect(each).toEqual(place);
  },
);
