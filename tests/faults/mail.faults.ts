import { describe, expect, test, vi } from 'vitest';
import { createService, post } from '../harness.ts';
import { seconds } from './figures.ts';
import { startSmtp } from './smtp.ts';
import {
  aClient,
  aPerson,
  aWorld,
  collect,
  enrol,
  eventually,
  isLong,
  PATIENCE_MS,
  people,
  someDatabases,
  walk,
} from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

/** Milliseconds: longer than the longest wait between two attempts. */
const AN_HOUR_MS = 3_600_000;

/** How many attempts had that outcome, by the log of the server. */
const attempts = (output: string, outcome: 'sent' | 'put off' | 'dead') =>
  output.split('\n').filter((line) => line.includes(`"outcome":"${outcome}"`)).length;

describe.each(someDatabases)('on %s', (database) => {
  test('mails outlast an SMTP server that is down, or refuses everybody', async (context) => {
    const { smtp, clock, start, record } = await aWorld(context, database);
    const server = await start();
    const client = aClient(server);
    await smtp.close();

    const changed = people(2);
    for (const person of changed) await walk(client, person);
    // Of a sign-up and of a change each.
    const owed = 2 * changed.length;
    /** How often each mail was put off: the waits between the first attempts are so short that some have more than others. */
    const putOffs = () =>
      Map.groupBy(
        server
          .output()
          .split('\n')
          .filter((line) => line.includes('"outcome":"put off"')),
        (line) => /"id":"([^"]+)"/.exec(line)?.[1],
      );
    const anHourPasses = async () => {
      const before = putOffs();
      clock.move(AN_HOUR_MS);
      await eventually(() => {
        const moreOften = [...putOffs()].filter(
          ([id, lines]) => lines.length > (before.get(id)?.length ?? 0),
        );
        return moreOften.length;
      }).toBe(owed);
    };
    await eventually(() => putOffs().size).toBe(owed);
    for (let hour = 2; hour <= 4; hour += 1) await anHourPasses();

    const revived = await startSmtp(Number(new URL(smtp.url).port));
    const greetings = [421, 554, 'drop', ...(isLong ? ['stall' as const] : [])] as const;
    for (const greeting of greetings) {
      revived.manners = { greeting: () => greeting };
      await anHourPasses();
    }
    expect(await client.get('/health/ready')).toMatchObject({ status: 200 });
    expect(attempts(server.output(), 'dead')).toBe(0);

    revived.manners = {};
    clock.move(AN_HOUR_MS);
    const { proofs, changes, duplicates, links } = await collect(client, revived, changed);
    expect({ duplicates, mails: revived.mails.length }).toEqual({
      duplicates: 0,
      mails: proofs + changes,
    });
    record({
      fault: `SMTP down for 3 hours of the server's clock, then ${greetings.join(', ')} at the greeting`,
      rounds: 1,
      figure: `${changes} changes = ${links} working links, each mail once; no request failed`,
    });
  });

  test('a mail that is not accepted comes again with its Message-ID and link, and no other waits for it', async (context) => {
    const { smtp, start, record } = await aWorld(context, database);
    const server = await start();
    const client = aClient(server);
    const good = ['greylisted', 'later', 'dropped-before', 'dropped-after', 'plain'].map(aPerson);
    const unknown = aPerson('unknown');
    await enrol(server, smtp, [unknown, ...good]);
    const arrived: string[] = [];
    const isFirst = (address: string) => {
      const isNew = !arrived.includes(address);
      arrived.push(address);
      return isNew;
    };
    const accepted: string[] = [];
    smtp.manners = {
      recipient: (address) => {
        if (address.startsWith('unknown')) return 550;
        return address.startsWith('greylisted') && isFirst(address) ? 451 : undefined;
      },
      beforeAccepting: ({ to, messageId }) => {
        accepted.push(`${to} ${messageId}`);
        if (to.startsWith('later') && isFirst(to)) return 452;
        return to.startsWith('dropped-before') && isFirst(to) ? 'drop' : undefined;
      },
      afterAccepting: ({ to }) => (to.startsWith('dropped-after') ? 'drop' : undefined),
    };

    for (const person of [unknown, ...good]) await walk(client, person);
    const { changes, duplicates } = await collect(client, smtp, good);
    expect({ changes, duplicates }).toEqual({ changes: good.length, duplicates: 0 });

    // Each attempt, refused or not, had the Message-ID of the first.
    expect(new Set(accepted).size).toBe(good.length);
    expect(accepted).toHaveLength(good.length + 2);
    await eventually(() => attempts(server.output(), 'dead')).toBe(1);
    const delivered = smtp.mails.filter(({ to }) => to === unknown.email);
    expect(delivered.map(({ purpose }) => purpose)).toEqual(['validate_email']);
    for (const [fault, figure] of [
      ['SMTP 451 at RCPT, 452 after DATA', 'came at the next attempt, once, with its Message-ID'],
      ['SMTP 550 at RCPT', 'dead at the first attempt; all others came'],
      ['SMTP drops before its 250', 'came again with its Message-ID and link'],
      ['SMTP drops after its 250', 'sent once'],
    ] as const) {
      record({ fault, rounds: 1, figure });
    }
  });

  test('one recipient that stalls holds up nobody else', async (context) => {
    const { smtp, start, record } = await aWorld(context, database);
    const server = await start();
    const client = aClient(server);
    const crowd = people(isLong ? 99 : 4);
    const poison = aPerson('poison');
    let isPoisoned = true;
    let tries = 0;
    smtp.manners = {
      recipient: (address) => {
        if (address !== poison.email || !isPoisoned) return undefined;
        tries += 1;
        return isLong ? 'stall' : 'drop';
      },
    };

    await walk(client, poison);
    const changedAt = new Map<string, number>();
    const waits: number[] = [];
    smtp.manners.afterAccepting = ({ to, purpose }) => {
      const since = purpose === 'update_password' ? changedAt.get(to) : undefined;
      if (since !== undefined) waits.push(performance.now() - since);
      return undefined;
    };
    for (const person of crowd) {
      await walk(client, person, 'logged in');
      changedAt.set(person.email, performance.now());
      await walk(client, person);
    }
    const others = await collect(client, smtp, crowd);
    const count = crowd.length;
    expect(others).toEqual({ proofs: count, changes: count, duplicates: 0, links: count });
    expect(smtp.mails.filter(({ to }) => to === poison.email)).toEqual([]);
    expect(tries).toBeGreaterThan(0);

    isPoisoned = false;
    const last = await collect(client, smtp, [poison]);
    expect(last).toEqual({ proofs: 1, changes: 1, duplicates: 0, links: 1 });
    record({
      fault: `one recipient of ${crowd.length + 1} ${isLong ? 'stalls' : 'drops'} for ever`,
      rounds: 1,
      figure: `${others.links} of ${crowd.length} others came meanwhile, the slowest ${seconds(Math.max(...waits))} after its change was asked for; the last one came when it was let`,
    });
  });

  test('one domain that stalls, and is owed a thousand mails, holds up no mail to another', async (context) => {
    const { folder, smtp, env, start, record } = await aWorld(context, database);
    const server = await start();
    const { key } = await createService(folder, [], env);
    const count = isLong ? 1000 : 40;
    let tries = 0;
    let isStalling = true;
    smtp.manners = {
      recipient: (address) => {
        if (!address.endsWith('@stalls.example') || !isStalling) return undefined;
        tries += 1;
        return 'stall';
      },
    };

    /** Owes an account of its own a mail. */
    const owe = async (email: string) => {
      const asked = { is_enabled: true, name: 'Ada' };
      const made = await post(server, key.value, '/v1/user', { ...asked, email });
      const ofUser = { ...asked, type: 'KEY', user_id: made.body.data.id };
      expect(await post(server, key.value, '/v1/key', ofUser)).toMatchObject({ status: 200 });
    };
    const arrived = (email: string) => smtp.mails.filter(({ to }) => to === email).length;

    const stalled = Array.from({ length: count }, (_, index) => `ada-${index}@stalls.example`);
    for (const email of stalled) await owe(email);
    const waits: number[] = [];
    for (const email of ['bob@a.example', 'bob@z.example', 'eve@a.example']) {
      await owe(email);
      const begin = performance.now();
      await eventually(() => arrived(email)).toBe(1);
      waits.push(performance.now() - begin);
    }
    expect(tries).toBeGreaterThan(0);

    if (isLong) {
      isStalling = false;
      await eventually(() => stalled.filter((email) => arrived(email) !== 1)).toEqual([]);
    }
    record({
      fault: `a domain that is owed ${count} mails stalls for ever`,
      rounds: 1,
      figure: `mails to other domains came meanwhile, the slowest ${seconds(Math.max(...waits))} after its change`,
    });
  });
});
