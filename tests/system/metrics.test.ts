import { expect, test } from 'vitest';
import { aFolder, call, startServer } from '../harness.ts';
import { textOf } from '../sources.ts';

test('a server measures itself on a port of its own, under the names that dashboard, alerts and docs have', async () => {
  const env = { METRICS_PORT: '0', THROTTLE_ACCOUNT_FREE: '1', BCRYPT_COST: '10' };
  const server = await startServer(aFolder(), env);
  const [, scrapes = ''] = /"url":"(http:[^"]+)","msg":"metrics"/.exec(server.output()) ?? [];
  const scrape = async () => (await fetch(scrapes)).text();

  const form = (fields: Record<string, string>) => ({ body: new URLSearchParams(fields) });
  const ada = { email: 'ada@example.com', password: 'correct horse' };
  await call(server, 'POST', '/users/create', form({ name: 'Ada', ...ada }));
  const { token } = (await call(server, 'POST', '/users/login', form(ada))).body;
  const change = { ...form({ ...ada, newPassword: 'battery staple' }) };
  const headers = { authorization: `Bearer ${token}` };
  await call(server, 'PUT', '/users/update/password', { ...change, headers });
  // The old password: the first try is free, and those after it have to wait; on a slow machine they have waited.
  const statuses: number[] = [];
  while (statuses.at(-1) !== 429) {
    statuses.push((await call(server, 'POST', '/users/login', form(ada))).status);
  }
  expect(statuses[0]).toBe(401);
  expect((await call(server, 'GET', '/metrics')).status).toBe(404);

  const text = await scrape();
  const value = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')
        .at(-1),
    );
  const logins = 'method="POST",route="/users/login"';
  const requests = 'rekey_http_request_duration_seconds_count';
  expect(value(`${requests}{${logins},status="200"}`)).toBe(1);
  expect(value(`${requests}{${logins},status="429"}`)).toBe(1);
  expect(value(`${requests}{method="GET",route="none",status="404"}`)).toBe(1);
  expect(value('rekey_throttled_total{limit="account"}')).toBe(1);
  expect(value('rekey_hash_duration_seconds_count')).toBe(3 + statuses.length);
  expect(value('rekey_database_duration_seconds_count{kind="transact"}')).toBeGreaterThan(5);
  expect(value('rekey_database_up')).toBe(1);
  expect(value('rekey_logins_total{amr="pwd"}')).toBe(1);
  expect(
    value('rekey_failed_proofs_total{type="sso:AuthLocalLogin",account="known"}'),
  ).toBeGreaterThan(0);
  expect(value('rekey_failed_proofs_total{type="rekey:FactorLogin",account="known"}')).toBe(0);
  expect(value('rekey_accounts_with_factor{factor="totp"}')).toBe(0);
  expect(value('rekey_outbox_dead')).toBe(0);
  expect(text).not.toMatch(/ada|example\.com|correct horse/);

  const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => ({
    name,
    type,
  }));
  const ours = types.filter(({ name }) => name?.startsWith('rekey_'));
  const rows = [...textOf('docs/operations.md').matchAll(/^\| `(rekey_\w+)` \| (\w+) \|/gm)];
  const documented = rows.map(([, name, type]) => ({ name, type }));
  expect(ours.length).toBeGreaterThan(10);
  expect(new Set(documented)).toEqual(new Set(ours));

  const series = types.flatMap(({ name, type }) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  JSON.parse(textOf('docs/monitoring/grafana-dashboard.json'));
  for (const file of ['grafana-dashboard.json', 'alerts.yaml']) {
    const named = textOf(`docs/monitoring/${file}`).match(/\b(?:rekey|nodejs|process)_\w+/g) ?? [];
    expect(named.length, file).toBeGreaterThan(8);
    expect(series, file).toEqual(expect.arrayContaining([...new Set(named)]));
  }

  server.signal('SIGTERM');
  expect(await server.exit).toEqual({ code: 0, signal: null });
  await expect(scrape()).rejects.toThrow('fetch failed');
});
