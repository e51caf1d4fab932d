import { InvalidCredentials, TooManyRequests } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import { type Ports, useCases } from '../../src/index.ts';
import { ORIGIN } from '../fixtures.ts';
import { gate } from '../gate.ts';
import { asService, endOf, type Owner, PASSWORD } from '../world.ts';
import { type Track, times } from './track.ts';

type Try = { email?: string; password?: string; address?: string; device?: string | undefined };

export function throttlingRaces({ world, lookedTogether }: Track): void {
  /** The ports of racers that have all seen that there is room before any of them is counted. */
  const racing = (racers: number, accountFree = 5): Ports => ({
    ...lookedTogether(gate(racers)),
    settings: narrow(accountFree),
  });
  const narrow = (accountFree = 5): Ports['settings'] => ({
    ...world().settings,
    throttle: { accountFree, clientPerMinute: 300, changesPerHour: 100 },
  });
  const logIn = (
    ports: Ports,
    { user, service }: Owner,
    { address = ORIGIN.address, ...claim }: Try,
  ) =>
    useCases(ports).sessions.login.execute(asService(service, { address, client: null }), {
      email: user.email,
      password: 'wrong',
      ...claim,
    });
  const deviceOf = async (owner: Owner): Promise<string> =>
    (await logIn(world(), owner, { password: PASSWORD })).device;

  /** How many of tries at once were looked at, by their hashes, and how many of them were told so. */
  async function race(
    owner: Owner,
    racers: number,
    tryOf: (racer: number) => Try,
  ): Promise<{ hashes: number; wrong: number; refused: number }> {
    const { hasher } = world();
    const ports = racing(racers);
    const before = hasher.work();
    const ends = await times(racers, (racer) => endOf(logIn(ports, owner, tryOf(racer))));
    const wrong = ends.filter((end) => end instanceof InvalidCredentials).length;
    const refused = ends.filter((end) => end instanceof TooManyRequests).length;
    return { hashes: hasher.work() - before, wrong, refused };
  }

  /** Fills the account at its service. */
  async function besiege(owner: Owner): Promise<void> {
    const ports = { ...world(), settings: narrow() };
    await times(50, (bot) => endOf(logIn(ports, owner, { address: `bot ${bot}` })));
  }

  describe('wrong passwords', () => {
    test('of one network, 32 at once, are looked at five times, whether or not the account exists', async () => {
      const owner = await world().addOwner();
      for (const email of [owner.user.email, `nobody-${owner.user.id}@example.com`]) {
        const outcome = await race(owner, 32, () => ({ email }));
        expect(outcome).toEqual({ hashes: 5, wrong: 5, refused: 27 });
      }
    });

    test('of 64 networks at once are looked at fifty times', async () => {
      const owner = await world().addOwner();
      const outcome = await race(owner, 64, (racer) => ({ address: `network ${racer}` }));
      expect(outcome).toEqual({ hashes: 50, wrong: 50, refused: 14 });
    });

    test('of a known device, 32 at once over the ceiling, are looked at ten times and told nothing', async () => {
      const owner = await world().addOwner();
      const device = await deviceOf(owner);
      await besiege(owner);
      const outcome = await race(owner, 32, () => ({ device }));
      expect(outcome).toEqual({ hashes: 10, wrong: 0, refused: 32 });
    });

    test('of all devices from before a change, 32 at once, are looked at ten times', async () => {
      const w = world();
      const owner = await w.addOwner();
      const devices = await times(4, () => deviceOf(owner));
      await w.changeAndReadMail(owner);
      await besiege(owner);
      const outcome = await race(owner, 32, (racer) => ({ device: devices[racer % 4] }));
      expect(outcome).toEqual({ hashes: 10, wrong: 0, refused: 32 });
    });

    test('with the device of another account, 32 at once over the ceiling, cost ten hashes', async () => {
      const w = world();
      const owner = await w.addOwner();
      const device = await deviceOf(await w.addOwner({}, { service: owner.service }));
      await besiege(owner);
      const outcome = await race(owner, 32, () => ({ device }));
      expect(outcome).toEqual({ hashes: 10, wrong: 0, refused: 32 });
    });

    test('of strangers keep no device out that tries a right one at the same moment', async () => {
      const owner = await world().addOwner();
      const device = await deviceOf(owner);
      const ports = racing(32);
      const ends = await times(32, (racer) =>
        endOf(
          logIn(
            ports,
            owner,
            racer % 8 === 0 ? { password: PASSWORD, device } : { address: `network ${racer % 4}` },
          ),
        ),
      );
      const owners = ends.filter((_end, racer) => racer % 8 === 0);
      expect(owners).toEqual(['done', 'done', 'done', 'done']);
    });

    test('stay counted, one by one, beside right ones that are taken back', async () => {
      const owner = await world().addOwner();
      const ports = racing(16, 16);
      await times(16, (racer) =>
        endOf(logIn(ports, owner, racer % 2 === 0 ? {} : { password: PASSWORD })),
      );
      const again = { ...world(), settings: narrow(16) };
      const ends = await times(16, () => endOf(logIn(again, owner, {})));
      expect(ends.filter((end) => end instanceof InvalidCredentials)).toHaveLength(8);
    });
  });

  test('right passwords of 64 users at once through one client are all let in', async () => {
    const w = world();
    const service = await w.addService();
    const owners = await times(64, () => w.addOwner({}, { service }));
    const ports = racing(64);
    const ends = await Promise.all(
      owners.map((owner) => endOf(logIn(ports, owner, { password: PASSWORD }))),
    );
    expect(ends.filter((end) => end !== 'done')).toEqual([]);
  });
}
