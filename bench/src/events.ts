import { rekeyClient, verifier } from '../../packages/client/src/index.ts';
import { messagesOf } from '../../packages/client/src/messages.ts';
import { type Benchmark, latencyOf, type Row, row } from './figures.ts';
import { startPostgres } from './processes.ts';
import { fill, SERVICE_KEY, startRekey } from './rekey.ts';

/** How late an event reaches a reader who waits, and how late a revocation is believed everywhere. */
export const following: Benchmark = async (effort) => [
  ...(await delivery(effort.scale, null)),
  ...(await delivery(effort.scale, await startPostgres())),
];

async function delivery(
  scale: number,
  postgres: Awaited<ReturnType<typeof startPostgres>> | null,
): Promise<Row[]> {
  const on = postgres ? 'PostgreSQL' : 'SQLite';
  const data = await fill((await postgres?.fresh()) ?? null, 10, { users: 1000 });
  const [here, there] = [await startRekey(data), await startRekey(data)];
  const clientOf = ({ url }: { readonly url: string }) => rekeyClient({ url, key: SERVICE_KEY });
  const [client, other] = [clientOf(here), clientOf(there)];
  const count = Math.max(50, Math.round(1000 * scale));

  const stop = new AbortController();
  const heard = new Map<string, (at: number) => void>();
  const follow = async (url: string) => {
    const { body } = await fetch(`${url}/v1/event?since_s=0`, {
      headers: { authorization: SERVICE_KEY, accept: 'text/event-stream' },
      signal: stop.signal,
    });
    if (body === null) throw new Error('no stream');
    for await (const { data: text } of messagesOf(body)) {
      if (text === '') continue;
      const { subject_id: subject } = JSON.parse(text) as { readonly subject_id: string | null };
      heard.get(`${url} ${subject}`)?.(performance.now());
    }
  };
  for (const { url } of [here, there]) follow(url).catch(() => {});
  const local = verifier({ url: there.url, key: SERVICE_KEY });
  await local.ready();

  const reached = { here: [] as number[], there: [] as number[] };
  const trusted = { here: [] as number[], there: [] as number[], verifier: [] as number[] };
  for (let n = 1; n <= count; n += 1) {
    const token = await data.token(((n - 1) % 1000) + 1);
    const sessionId = (await local.verify(token))?.sessionId;
    const waits = [here, there].map(
      ({ url }) =>
        new Promise<number>((resolve) => {
          heard.set(`${url} ${sessionId}`, resolve);
        }),
    );
    await client.logOut({ token });
    const at = performance.now();
    const until = async (check: () => Promise<unknown>) => {
      let last = 0;
      for (;;) {
        const began = performance.now() - at;
        if ((await check()) === null) return last;
        last = began;
      }
    };
    const [own, others, locally, first, second] = await Promise.all([
      until(() => client.verifyToken({ token }).catch(() => null)),
      until(() => other.verifyToken({ token }).catch(() => null)),
      until(() => local.verify(token)),
      ...waits,
    ]);
    trusted.here.push(own);
    trusted.there.push(others);
    trusted.verifier.push(locally);
    reached.here.push((first ?? 0) - at);
    reached.there.push((second ?? 0) - at);
    heard.clear();
  }
  stop.abort();
  local.close();
  await Promise.all([here.stop(), there.stop()]);
  await postgres?.stop();

  const rows: Row[] = [];
  for (const [who, all] of Object.entries(reached)) {
    const { p50, p99 } = latencyOf(all);
    const name = who === 'here' ? 'of the server that did it' : 'of another server';
    const goal = { of: 'rekey', most: 50 } as const;
    rows.push(
      row(`an event reaches a stream ${name}, ${on}, p99`, 'ms', [p99], 'median', [p50], goal),
    );
  }
  for (const [who, all] of Object.entries(trusted)) {
    const { p50 } = latencyOf(all);
    const name = {
      here: 'the server that did it',
      there: 'another server',
      verifier: 'a verifier',
    }[who];
    const goal = { of: 'rekey', most: 1000 } as const;
    rows.push(
      row(
        `a revocation is believed by ${name}, ${on}, worst of ${count}`,
        'ms',
        [Math.max(...all)],
        'median',
        [p50],
        goal,
      ),
    );
  }
  return rows;
}
