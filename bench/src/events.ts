import { rekeyClient } from '../../packages/client/src/index.ts';
import { messagesOf } from '../../packages/client/src/messages.ts';
import { type Benchmark, latencyOf, type Row, row } from './figures.ts';
import { id } from './filling.ts';
import { startPostgres } from './processes.ts';
import { fill, SERVICE_KEY, startRekey } from './rekey.ts';

/** How late an event reaches a reader who waits. */
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
  const client = rekeyClient({ url: here.url, key: SERVICE_KEY });
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

  const reached = { here: [] as number[], there: [] as number[] };
  for (let n = 1; n <= count; n += 1) {
    const token = await data.token(n);
    const sessionId = id('session', n);
    const waits = [here, there].map(
      ({ url }) =>
        new Promise<number>((resolve) => {
          heard.set(`${url} ${sessionId}`, resolve);
        }),
    );
    await client.logOut({ token });
    const at = performance.now();
    const [first = 0, second = 0] = await Promise.all(waits);
    reached.here.push(first - at);
    reached.there.push(second - at);
    heard.clear();
  }
  stop.abort();
  await Promise.all([here.stop(), there.stop()]);
  await postgres?.stop();

  const rows: Row[] = [];
  for (const [who, all] of Object.entries(reached)) {
    const { p50, p99 } = latencyOf(all);
    const name = who === 'here' ? 'of the server that did it' : 'of another server';
    // A server looks five times a second for what another one wrote into the SQLite file.
    const isLooking = who === 'there' && postgres === null;
    const goal = isLooking ? undefined : ({ of: 'rekey', most: 50 } as const);
    rows.push(
      row(`an event reaches a stream ${name}, ${on}, p99`, 'ms', [p99], 'median', [p50], goal),
    );
  }
  return rows;
}
