import path from 'node:path';
import { rekeyClient } from '../../packages/client/src/index.ts';
import { json } from './client.ts';
import { type Benchmark, figure, latencyOf, type Row, row, uptimeMs } from './figures.ts';
import { startHelper, startPostgres } from './processes.ts';
import { fill, loginOf, SERVICE_KEY, startRekey } from './rekey.ts';
import type { Asked, Told } from './revocation-backend.ts';
import type { Work } from './revocation-load.ts';

/** Within so many milliseconds a revocation is believed everywhere. */
const PROMISE_MS = 1000;
/** How many sessions are ended, one after the other. */
const REVOCATIONS = 1000;

/** How long a session that ended is still trusted, and by whom, while two servers are busy. */
export const revoking: Benchmark = async ({ scale }) => {
  const count = Math.max(50, Math.round(REVOCATIONS * scale));
  const postgres = await startPostgres();
  const rows = [
    ...(await measure('PostgreSQL', count, await postgres.fresh())),
    ...(await measure('SQLite', count, null)),
  ];
  await postgres.stop();
  return rows;
};

async function measure(on: string, count: number, url: string | null): Promise<Row[]> {
  // The sessions of as many others are those that are verified meanwhile.
  const data = await fill(url, 10, { users: 2 * count });
  const [here, there] = [await startRekey(data), await startRekey(data)];
  const [client, other] = [here, there].map((server) =>
    rekeyClient({ url: server.url, key: SERVICE_KEY }),
  ) as [ReturnType<typeof rekeyClient>, ReturnType<typeof rekeyClient>];
  const backend = await startHelper<Asked, Told>(helper('revocation-backend.ts'));
  await backend.ask({ url: there.url });
  const crowd = await startHelper<Work, object>(helper('revocation-load.ts'));
  await crowd.ask({ urls: [here.url, there.url], requests: await others(data, count) });

  const trusted = {
    'the server that did it': [] as number[],
    'another server': [] as number[],
    'a verifier': [] as number[],
  };
  for (let n = 1; n <= count; n += 1) {
    const token = await data.token(n);
    const asking = [client, other].map(
      (each) => () =>
        each.verifyToken({ token }).then(
          () => true,
          (error: { code?: string }) => {
            if (error.code !== 'invalid_token') throw error;
            return false;
          },
        ),
    ) as [() => Promise<boolean>, () => Promise<boolean>];
    const isTrusted = [
      ...(await Promise.all(asking.map((ask) => ask()))),
      (await backend.ask({ token, isWatched: false })).isTrusted,
    ];
    if (isTrusted.includes(false)) throw new Error(`session ${n} is trusted before its end`);
    const watched = backend.ask({ token, isWatched: true });
    await client.logOut({ token });
    const at = uptimeMs();
    const [own, others, told] = await Promise.all([...asking.map(lastTrust), watched] as [
      Promise<number>,
      Promise<number>,
      Promise<Told>,
    ]);
    const since = (instant: number) => Math.max(0, instant - at);
    trusted['the server that did it'].push(since(own));
    trusted['another server'].push(since(others));
    trusted['a verifier'].push(since(told.trustedAt));
  }
  crowd.stop();
  backend.stop();
  await Promise.all([here.stop(), there.stop()]);

  return Object.entries(trusted).flatMap(([who, all]) => {
    const { p50, p99 } = latencyOf(all);
    const what = `a session that ended is trusted by ${who}, ${on}`;
    const promise = { of: 'rekey', most: PROMISE_MS } as const;
    const line = (which: string, ms: number) =>
      row(`${what}, ${which}`, 'ms', [ms], 'the promise', [PROMISE_MS], promise);
    return [line('median', p50), line('p99', p99), line(`worst of ${count}`, figure(all).max)];
  });
}

const helper = (name: string) => path.join(import.meta.dirname, name);

/** When the last check began that was answered with trust; 0 for none. */
async function lastTrust(ask: () => Promise<boolean>): Promise<number> {
  let last = 0;
  for (;;) {
    const began = uptimeMs();
    if (!(await ask())) return last;
    last = began;
  }
}

/** What the servers do meanwhile: for each login eight verifications. */
async function others(data: Awaited<ReturnType<typeof fill>>, count: number): Promise<string[]> {
  const requests: string[] = [];
  for (let n = count + 1; n <= 2 * count; n += 1) {
    const body = { token: await data.token(n) };
    requests.push(String(json('/v1/auth/token/verify', { authorization: SERVICE_KEY }, body)));
    if (n % 8 === 0) requests.push(String(loginOf(n)));
  }
  return requests;
}
