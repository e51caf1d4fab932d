import { useCases } from '@rekey/usecases';
import { asService, PASSWORD, skips, world } from '@rekey/usecases/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freshPostgres } from '../../test/postgres.ts';
import { aWire } from '../../test/wire.ts';
import { openDatabase } from '../index.ts';

const url = await freshPostgres();

describe.skipIf(skips(url === null, 'PostgreSQL cannot run here'))('ways to PostgreSQL', () => {
  test('are few: what nobody waits for is sent along with what follows, and a kept answer with the commit', async () => {
    const wire = await aWire(url ?? '');
    onTestFinished(wire.close);
    // One connection, and nothing that is kept or heard.
    const opened = await openDatabase({ url: `${wire.url}?listen=false`, poolSize: 1 });
    onTestFinished(() => opened.close());
    await opened.migrate();
    const w = world(opened.database);
    const { users, sessions, passwords, requests } = useCases({ ...w, database: opened.database });
    const owner = await w.addOwner();
    const { email } = owner.user;
    const by = asService(owner.service);

    const tripsOf = async (work: () => Promise<unknown>) => {
      const before = wire.trips();
      await work();
      return wire.trips() - before;
    };
    const create = (name: string) =>
      users.createUser.execute(by, { name, email: `${name}@example.com` });
    const createOnce = async (name: string) => {
      const asked = { key: name, request: name, account: '', isVerdict: false };
      const request = requests.beginRequest.execute(by, asked);
      await request.run(async () => {
        const { user } = await create(name);
        await request.end({ text: 'created', userId: user.id }, true);
      });
    };
    expect({
      login: await tripsOf(() => sessions.login.execute(by, { email, password: PASSWORD })),
      change: await tripsOf(() => passwords.updatePassword.execute(by, w.change(owner))),
      create: await tripsOf(() => create('grace')),
      'create with a key': await tripsOf(() => createOnce('joan')),
    }).toEqual({ login: 12, change: 15, create: 6, 'create with a key': 6 });
  });
});
