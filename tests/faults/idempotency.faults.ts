import { randomUUID } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { behind } from '../../packages/adapters-db/test/behind.ts';
import { createService, type Server } from '../harness.ts';
import { aMoment, aWorld, databases, kill, PATIENCE_MS, roundsOf } from './world.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

const LOCAL = '/v1/auth/provider/local';
const OLD = 'correct horse';
const NEW = 'battery staple seven';
const AT_ONCE = 12;

type Sent = { readonly route: string; readonly body: object; readonly key: string };

/** Answers null where the connection broke. */
async function send(server: Server, authorization: string, { route, body, key }: Sent) {
  const response = await fetch(`${server.url}${route}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify(body),
  }).catch(() => null);
  const text = await response?.text().catch(() => null);
  return response && text != null ? { status: response.status, text } : null;
}

/** Sends until there is an answer. The request may be under way, or the machine busy. */
async function insist(server: Server, authorization: string, sent: Sent) {
  for (;;) {
    const answer = await send(server, authorization, sent);
    if (answer !== null && ![409, 503].includes(answer.status)) return answer;
    await aMoment(50);
  }
}

describe.each(databases)('on %s', (database) => {
  test('a server that is killed does nothing twice for clients that try again with their keys', async (context) => {
    const { folder, env, start, record } = await aWorld(context, database);
    let server = await start();
    const { key: made } = await createService(folder, [], env);
    const authorization: string = made.value;
    const rounds = roundsOf();
    let [answered, lost] = [0, 0];

    /** All at once, a death in between, and all once more; answers what each of them says in the end. */
    const throughDeath = async (all: readonly Sent[]) => {
      const first = all.map((sent) => send(server, authorization, sent));
      await aMoment(AT_ONCE * 60);
      await kill(server);
      server = await start();
      const before = await Promise.all(first);
      const after = await Promise.all(all.map((sent) => insist(server, authorization, sent)));
      for (const [index, answer] of after.entries()) {
        expect([all[index]?.route, answer.status, answer.text]).toMatchObject([
          all[index]?.route,
          200,
          before[index]?.text ?? answer.text,
        ]);
      }
      answered += before.filter((answer) => answer !== null).length;
      lost += before.filter((answer) => answer === null).length;
      return after.map(({ text }) => JSON.parse(text));
    };
    const each = (sent: (index: number) => Omit<Sent, 'key'>): Sent[] =>
      Array.from({ length: AT_ONCE }, (_, index) => ({ ...sent(index), key: randomUUID() }));

    for (let round = 0; round < rounds; round += 1) {
      const emailOf = (index: number) => `person-${round}-${index}@example.com`;
      const created = await throughDeath(
        each((index) => ({
          route: '/v1/user',
          body: { is_enabled: true, name: 'Ada', email: emailOf(index), password: OLD },
        })),
      );
      const keyOf = (type: string) =>
        each((index) => ({
          route: '/v1/key',
          body: { is_enabled: true, type, name: 'web', user_id: created[index].data.id },
        }));
      for (const sent of keyOf('TOKEN')) await insist(server, authorization, sent);
      const keys = await throughDeath(keyOf('KEY'));
      await throughDeath(
        each((index) => ({
          route: `${LOCAL}/update-password`,
          body: { email: emailOf(index), password: OLD, new_password: NEW },
        })),
      );

      const rows = await behind(String(env.DATABASE_URL).replace('./', `${folder}/`));
      await expect.poll(async () => (await rows.tables()).pending, { timeout: 30_000 }).toEqual([]);
      const tables = await rows.tables();
      await rows.close();
      for (const [index, { data }] of created.entries()) {
        const isOf = (row: Record<string, unknown>) => row.user_id === data.id;
        const ids = (tables.keys ?? []).filter((row) => isOf(row) && row.type === 'KEY');
        expect(ids.map(({ id }) => id)).toEqual([keys[index].data.key.id]);
        const changes = (tables.audit_entries ?? []).filter(
          (row) => isOf(row) && row.type === 'sso:AuthLocalUpdatePassword',
        );
        expect(changes.map(({ outcome }) => outcome)).toEqual(['success']);
      }
    }
    record({
      fault: 'kill -9 while requests with idempotency keys are under way',
      rounds: rounds * 3,
      figure: `${answered + lost} requests, ${lost} of them without an answer: all done once, and each retry says what was done`,
    });
  });
});
