import { type Actor, NotFound, operator } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { asService, asUser, endOf, nobody, root, type World, world } from '../../testing/index.ts';

describe('reading a user', () => {
  const read = (w: World, actor: Actor, id: string) =>
    w.useCases.users.readUser.execute(actor, { id });

  test('is for the service that made the user, for those with a key of the user, and for the operator', async () => {
    const w = world();
    const service = await w.addService();
    const user = await w.addUser(service);
    const linked = await w.addService();
    await w.addKey({ userId: user.id, serviceId: linked.id, isRevoked: true, type: 'KEY' });
    for (const actor of [asService(service), asService(linked), root, operator]) {
      expect(await read(w, actor, user.id)).toEqual({ ...user, attributes: {} });
    }
  });

  test('of another service is like reading one that does not exist', async () => {
    const w = world();
    const owner = await w.addOwner();
    const other = await w.addService();
    const foreign = await endOf(read(w, asService(other), owner.user.id));
    expect(foreign).toBeInstanceOf(NotFound);
    expect(await endOf(read(w, asService(other), other.id))).toEqual(foreign);
    expect(await endOf(read(w, root, other.id))).toEqual(foreign);
    for (const actor of [nobody, asUser(await w.logIn(owner))]) {
      expect(await endOf(read(w, actor, owner.user.id))).toEqual(foreign);
    }
  });
});
