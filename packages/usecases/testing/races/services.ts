import { type Id, NotFound, operator, type Service } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/index.ts';
import { gate } from '../gate.ts';
import { asService, endOf, tokenIn, type World } from '../world.ts';
import { type Track, times } from './track.ts';

export function servicesRaces({ alone }: Track): void {
  describe('services', () => {
    test('lose no change of many at once, and the audit says what each of them changed', async () => {
      await alone(async (w) => {
        const { id } = await w.addService();
        const { updateService, readService } = w.useCases.services;
        const names = await times(8, async (n) => {
          const changed = await updateService.execute(operator, { id, name: `Shop ${n}` });
          return changed.name;
        });
        const flags = await times(8, (n) =>
          updateService.execute(operator, { id, requireFactor: n % 2 === 0 }),
        );
        expect(flags).toHaveLength(8);
        const entries = await w.database.read(({ audit }) => audit.follow(id, 0, 100));
        const diffs = entries.flatMap(({ data }) => data?.data as [string, string, string][]);
        const renamed = diffs.filter(([field]) => field === 'name');
        expect(renamed.map(([, , to]) => to).sort()).toEqual(names.sort());
        // Each begins with what the one before made of it.
        expect(renamed.map(([, from]) => from)).toEqual([
          'Shop',
          ...renamed.slice(0, -1).map(([, , to]) => to),
        ]);
        const { name } = await readService.execute(operator, { id });
        expect(name).toBe(renamed.at(-1)?.[2]);
      });
    });

    test('are changed or deleted, and whoever comes late is told that there is none', async () => {
      await alone(async (w) => {
        const { id } = await w.addService();
        const { updateService, deleteService } = w.useCases.services;
        const ends = await times(9, (n) =>
          endOf(
            n === 4
              ? deleteService.execute(operator, { id })
              : updateService.execute(operator, { id, name: `Shop ${n}` }),
          ),
        );
        expect(ends[4]).toBe('done');
        const late = ends.filter((end) => end !== 'done');
        for (const end of late) expect(end).toBeInstanceOf(NotFound);
        const left = await w.database.read(({ services }) => services.find(id));
        expect(left?.isEnabled).toBe(false);
        const entries = await w.database.read(({ audit }) => audit.follow(id, 0, 100));
        expect(entries.at(-1)?.type).toBe('sso:ServiceDelete');
      });
    });

    const at = (w: World<Database>, service: Service) => ({ w, by: asService(service), service });
    type At = ReturnType<typeof at>;

    test.each([
      {
        way: 'of a user that there is',
        prepare: async ({ w, by, service }: At) => {
          const { id: userId } = await w.addUser(service);
          const key = { type: 'TOKEN', name: 'web', userId } as const;
          return () => w.useCases.keys.createKey.execute(by, key);
        },
      },
      {
        way: 'along with a user who is made',
        prepare:
          async ({ w, by, service }: At) =>
          () =>
            w.useCases.users.createUser.execute(by, {
              name: 'Ada',
              email: `${service.id}@example.com`,
              tokenKey: true,
            }),
      },
      {
        way: 'with a registration',
        prepare: async ({ w, by, service }: At) => {
          const email = `${service.id}@example.com`;
          await w.useCases.users.register.execute(by, { name: 'Ada', email });
          await w.deliver();
          const { link = '' } = w.channels.mail.sent.find(({ to }) => to === email) ?? {};
          const token = tokenIn(link);
          return () => w.useCases.users.confirmRegistration.execute(by, { token });
        },
      },
    ])('are deleted, or users get keys of them, and never both: $way', async ({ prepare }) => {
      await alone(async (w) => {
        for (let round = 0; round < 8; round += 1) {
          const service = await w.addService({ userAllowRegister: true });
          const { id } = service;
          const make = await prepare(at(w, service));
          const allIn = gate(2);
          const [made, deleted] = await Promise.all([
            allIn().then(() => endOf(make())),
            allIn().then(() => endOf(w.useCases.services.deleteService.execute(operator, { id }))),
          ]);
          expect([made, deleted].filter((end) => end === 'done')).toHaveLength(1);
          const keys = await w.database.read((stores) =>
            stores.keys.list({ serviceIds: [id] as Id[] }, { limit: 10 }),
          );
          expect(keys).toHaveLength(made === 'done' ? 1 : 0);
        }
      });
    });
  });
}
