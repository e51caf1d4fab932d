import { describe, expect, type TestContext, test, vi } from 'vitest';
import { type NoticeKind, noticeKinds } from '../../packages/domain/src/index.ts';
import type { Server } from '../harness.ts';
import {
  aLife,
  aWalker,
  type FlowName,
  flowNames,
  flows,
  isDone,
  purposeOf,
  type Step,
  servicesIn,
  takeStep,
  type Walker,
} from './flows.ts';
import type { Mail } from './smtp.ts';
import {
  aClient,
  aWorld,
  type DatabaseName,
  eventually,
  kill,
  PATIENCE_MS,
  someDatabases,
} from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

/** Longer than a lease. */
const LEASE_OVER_MS = 61_000;
const DAY_MS = 86_400_000;
/** Lanes that repeated attempts have together. */
const REPEATED_LANES = 4;

/** Somebody who is owed a mail of a kind by the step with that number. */
type Case = { readonly kind: NoticeKind; readonly walker: Walker; readonly at: number };

/** The step that owes a mail of that kind, and as few others as there are. */
function aCase(kind: NoticeKind): Case {
  const owing = flowNames.flatMap((flow: FlowName) =>
    (flows[flow] as readonly Step[]).flatMap(({ owes }, at) =>
      Object.hasOwn(owes, kind) ? [{ flow, at, mails: Object.keys(owes).length }] : [],
    ),
  );
  const [best] = owing.toSorted((a, b) => a.mails - b.mails);
  if (!best) throw new Error(`no flow owes a mail of the kind ${kind}`);
  return { kind, walker: aWalker(best.flow), at: best.at };
}

/** The kind that no request owes: it is told at the start of a server. */
const atStart = 'key_expiring';

async function throughHands(context: TestContext, database: DatabaseName): Promise<void> {
  const world = await aWorld(context, database);
  const { smtp, clock } = world;
  let server = await world.start();
  const services = await servicesIn(world);
  const lifeOf = (each: Server) => aLife(world, services, each);

  const cases = noticeKinds.filter((kind) => kind !== atStart).map(aCase);
  const walkTo = async ({ walker }: Case, at: number) => {
    const client = aClient(server);
    while (walker.taken < at) await takeStep(lifeOf(server), client, walker);
  };
  await Promise.all(cases.map((each) => walkTo(each, each.at)));
  const keyHolder = await withExpiringKey(server, services.shop);
  await eventually(() => smtp.mailsTo(keyHolder).length).toBe(1);

  const before = new Set(smtp.mails.map(({ messageId }) => messageId));
  const kindOf = ({ to, purpose, messageId }: Mail): NoticeKind | undefined => {
    if (before.has(messageId)) return undefined;
    if (to === keyHolder) return atStart;
    const found = cases.find(
      ({ kind, walker, at }) =>
        purpose === purposeOf(kind) &&
        to === walker.emails[(flows[walker.flow] as readonly Step[])[at]?.owes[kind] ?? 0],
    );
    return found?.kind;
  };
  const accepted = () => smtp.mails.flatMap((mail) => kindOf(mail) ?? []);
  const isNew = (kind: NoticeKind) => !accepted().includes(kind);

  // Two servers have all of them in hand between them when they die, and nobody has accepted one.
  let inHand = new Set<NoticeKind>();
  let release = Promise.withResolvers<'drop' | undefined>();
  smtp.manners = {
    beforeAccepting: (mail) => {
      const kind = kindOf(mail);
      if (kind === undefined || !isNew(kind)) return undefined;
      inHand.add(kind);
      return release.promise;
    },
  };
  await Promise.all(cases.map((each) => walkTo(each, each.at + 1)));
  const second = await world.start();
  await eventually(() => [...inHand].toSorted()).toEqual([...noticeKinds].toSorted());
  const dying = [server, second];
  server = await world.start();
  await Promise.all(dying.map(kill));
  release.resolve('drop');
  await eventually(() => smtp.isIdle()).toBe(true);
  expect(accepted()).toEqual([]);

  // Before a server starts, which takes what is due at once: a mail that it was let through with would come once.
  const holdAnew = () => {
    inHand = new Set();
    release = Promise.withResolvers();
  };
  holdAnew();
  // Each of the next ones has some accepted that it cannot mark.
  let deaths = dying.length;
  for (let left = noticeKinds.length; left > 0; left = noticeKinds.filter(isNew).length) {
    clock.move(LEASE_OVER_MS);
    await eventually(() => inHand.size).toBe(Math.min(left, REPEATED_LANES));
    server.signal('SIGSTOP');
    release.resolve(undefined);
    await eventually(() => [...inHand].filter(isNew)).toEqual([]);
    holdAnew();
    // First: whoever stands still in a transaction has the whole file on SQLite.
    await kill(server);
    deaths += 1;
    server = await world.start();
  }

  clock.move(LEASE_OVER_MS);
  const twice = noticeKinds.flatMap((kind) => [kind, kind]).toSorted();
  await eventually(() => accepted().toSorted()).toEqual(twice);
  for (const mail of smtp.mails.filter((each) => kindOf(each) !== undefined)) {
    const [first] = smtp.mailsTo(mail.to).filter(({ messageId }) => messageId === mail.messageId);
    expect(mail).toEqual(first);
  }
  smtp.manners = {};
  await Promise.all(
    cases.map((each) => walkTo(each, (flows[each.walker.flow] as readonly Step[]).length)),
  );
  expect(cases.filter(({ walker }) => !isDone(walker))).toEqual([]);
  world.record({
    fault:
      'kill -9 with a mail of every kind in hand, before and after its 250, another server running',
    rounds: deaths,
    figure: `${noticeKinds.length} kinds: each taken over; each came once more, with its Message-ID and link; every link worked`,
  });
}

/** Somebody who has a KEY that expires within the week, of which the next start of a server tells. */
async function withExpiringKey(server: Server, authorization: string): Promise<string> {
  const email = 'ada@expires.example';
  const call = async (route: string, json: object) => {
    const answer = await aClient(server).call('POST', route, { json, headers: { authorization } });
    expect(answer).toMatchObject({ status: 200 });
    return answer.body.data;
  };
  const { id: user_id } = await call('/v1/user', { name: 'Ada', email });
  const expires_at = new Date(Date.now() + 3 * DAY_MS).toISOString();
  await call('/v1/key', { type: 'KEY', name: 'web', user_id, expires_at });
  return email;
}

describe.each(someDatabases)('on %s', (database) => {
  test('a mail of any kind that is in hand when its server dies is taken over, and its link works', (context) =>
    throughHands(context, database));
});
