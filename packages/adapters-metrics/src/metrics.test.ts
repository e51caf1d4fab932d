import type { Backlog, Database, Stores } from '@rekey/usecases';
import { anEvent, aPendingEntry, aSession, memoryDatabase } from '@rekey/usecases/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openMetrics } from './metrics.ts';

const WHERE = {
  host: '127.0.0.1',
  eventTypes: ['user.locked', 'key.created'],
  proofTypes: ['sso:AuthLocalLogin', 'rekey:FactorLogin'],
};

/** Metrics that listen on any free port, and what a scrape of them says. */
async function measuring() {
  const metrics = openMetrics({ ...WHERE, port: 0, version: '1.2.3' });
  const { url, close } = await metrics.listen();
  onTestFinished(close);
  const scrape = async () => (await fetch(url)).text();
  /** The value of a series; null where it is not there. */
  const read = async (series: string) => {
    const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? null : Number(line.slice(series.length + 1));
  };
  return { metrics, url, scrape, read };
}

describe('a scrape', () => {
  it('is in the text format of Prometheus, with what every process has', async () => {
    const { url, scrape } = await measuring();
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await scrape();
    expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(?:$|# (?:HELP|TYPE) \w+ |\w+(?:\{[^}]*\})? (?:[\d.e+-]+|Nan)$)/);
    }
  });

  it.each([
    ['GET', '/', 404],
    ['GET', '/metrics/', 404],
    ['POST', '/metrics', 405],
    ['HEAD', '/metrics?x', 200],
  ])('is not %s %s: %i', async (method, path, status) => {
    const { url } = await measuring();
    expect((await fetch(new URL(path, url), { method })).status).toBe(status);
  });

  it('cannot be had where the port is taken', async () => {
    const { url } = await measuring();
    const port = Number(new URL(url).port);
    const listening = openMetrics({ ...WHERE, port, version: '' }).listen();
    await expect(listening).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

it('a scrape tells the version that runs', async () => {
  const { read } = await measuring();
  expect(await read('rekey_build_info{version="1.2.3"}')).toBe(1);
});

describe('requests', () => {
  it('are counted by method, route and status', async () => {
    const { metrics, read } = await measuring();
    for (const ms of [1, 200]) {
      metrics.answered({ method: 'GET', route: '/v1/user/:id', status: 200, ms });
    }
    const labels = 'method="GET",route="/v1/user/:id",status="200"';
    const series = 'rekey_http_request_duration_seconds';
    expect(await read(`${series}_count{${labels}}`)).toBe(2);
    expect(await read(`${series}_sum{${labels}}`)).toBeCloseTo(0.201);
    expect(await read(`${series}_bucket{le="0.005",${labels}}`)).toBe(1);
  });

  it('with unknown methods and routes share one series', async () => {
    const { metrics, scrape } = await measuring();
    for (let i = 0; i < 50; i += 1) {
      metrics.answered({ method: `M${i}`, route: null, status: null, ms: 1 });
    }
    const counts = (await scrape()).match(/^rekey_http_request_duration_seconds_count.*$/gm);
    expect(counts).toEqual([
      'rekey_http_request_duration_seconds_count{method="other",route="none",status="aborted"} 50',
    ]);
  });
});

it('refused tries and withheld mails are counted by limit, repeated requests, attempts to deliver and exchanges with providers by outcome', async () => {
  const { metrics, read } = await measuring();
  metrics.throttled('account');
  metrics.delivered({ outcome: 'sent' });
  metrics.delivered({ outcome: 'put off' });
  metrics.replayed();
  metrics.withheld('mailbox');
  metrics.exchanged({ provider: 'google', outcome: 'failed' });
  expect(await read('rekey_throttled_total{limit="account"}')).toBe(1);
  expect(await read('rekey_idempotent_replays_total')).toBe(1);
  expect(await read('rekey_mails_withheld_total{limit="mailbox"}')).toBe(1);
  const exchanges = 'rekey_provider_exchanges_total{provider="google",outcome="failed"}';
  expect(await read(exchanges)).toBe(1);
  expect(await read('rekey_mail_attempts_total{outcome="sent"}')).toBe(1);
  expect(await read('rekey_mail_attempts_total{outcome="put_off"}')).toBe(1);
});

it('a watched gate works as before, and its work is measured', async () => {
  const { metrics, read } = await measuring();
  const inner = {
    running: 1,
    waiting: 2,
    run: <T>(place: string, task: (place: string) => Promise<T>) => task(place),
    admit: (place: string) => {
      throw new Error(`full at ${place}`);
    },
  };
  const gate = metrics.watchGate(inner);
  expect(() => gate.admit('shop')).toThrow('full at shop');
  expect([gate.running, gate.waiting]).toEqual([1, 2]);
  expect(await gate.run('shop', async () => 'done')).toBe('done');
  await expect(gate.run('shop', () => Promise.reject(new Error('failed')))).rejects.toThrow(
    'failed',
  );
  expect(await read('rekey_hash_running')).toBe(1);
  expect(await read('rekey_hash_waiting')).toBe(2);
  expect(await read('rekey_hash_wait_seconds_count')).toBe(2);
  expect(await read('rekey_hash_duration_seconds_count')).toBe(2);
});

it('a watched database works as before, and its calls are timed', async () => {
  const { metrics, read } = await measuring();
  const database: Database = metrics.watchDatabase(memoryDatabase());
  expect(await database.read(({ users }) => users.exist())).toBe(false);
  expect(await database.transact(({ users }) => users.exist())).toBe(false);
  const failing = database.transact(() => Promise.reject(new Error('undone')));
  await expect(failing).rejects.toThrow('undone');
  expect(await read('rekey_database_duration_seconds_count{kind="read"}')).toBe(1);
  expect(await read('rekey_database_duration_seconds_count{kind="transact"}')).toBe(2);
});

describe('the backlog', () => {
  const backlog: Backlog = { waiting: 3, dead: 1, oldestAt: 40_000, firstDueAt: 99_000 };

  it('is asked for once in a scrape, and at most once a second', async () => {
    const { metrics, scrape, read } = await measuring();
    let [asked, now] = [0, 100_000];
    metrics.watchBacklog(
      async () => {
        asked += 1;
        return backlog;
      },
      () => now,
    );
    expect(await read('rekey_outbox_waiting')).toBe(3);
    expect(await read('rekey_outbox_dead')).toBe(1);
    expect(await read('rekey_outbox_oldest_seconds')).toBe(60);
    expect(await read('rekey_outbox_overdue_seconds')).toBe(1);
    expect(await read('rekey_database_up')).toBe(1);
    expect(asked).toBe(1);
    now += 1000;
    await scrape();
    expect(asked).toBe(2);
  });

  it('has no age where no delivery waits, or the first one is not due yet', async () => {
    const { metrics, read } = await measuring();
    const leased = { ...backlog, oldestAt: null, firstDueAt: 200_000 };
    metrics.watchBacklog(
      async () => leased,
      () => 100_000,
    );
    expect(await read('rekey_outbox_oldest_seconds')).toBe(0);
    expect(await read('rekey_outbox_overdue_seconds')).toBe(0);
  });

  it('has no numbers while the database does not answer; all other metrics stay', async () => {
    const { metrics, read } = await measuring();
    let [isDown, now] = [false, 0];
    metrics.watchBacklog(
      () => (isDown ? Promise.reject(new Error('gone')) : Promise.resolve(backlog)),
      () => now,
    );
    expect(await read('rekey_outbox_waiting')).toBe(3);
    isDown = true;
    now += 1000;
    expect(await read('rekey_outbox_waiting')).toBeNull();
    expect(await read('rekey_database_up')).toBe(0);
    expect(await read('process_cpu_seconds_total')).not.toBeNull();
    isDown = false;
    now += 1000;
    expect(await read('rekey_outbox_waiting')).toBe(3);
  });
});

it('the size of what is stored is asked for at a scrape, and absent while the database does not answer', async () => {
  const { metrics, scrape, read } = await measuring();
  let [isDown, asked, now] = [false, 0, 0];
  metrics.watchSize(
    async () => {
      asked += 1;
      if (isDown) throw new Error('gone');
      return { auditEntries: 7, bytes: 4096 };
    },
    () => now,
  );
  await scrape();
  expect(await read('rekey_audit_entries')).toBe(7);
  expect(await read('rekey_database_bytes')).toBe(4096);
  expect(asked).toBe(1);
  isDown = true;
  now += 1000;
  expect(await read('rekey_audit_entries')).toBeNull();
  expect(await read('rekey_database_bytes')).toBeNull();
});

it('lines of the log that were dropped are counted from the start of the process', async () => {
  const { metrics, read } = await measuring();
  let dropped = 0;
  metrics.watchLog(() => dropped);
  expect(await read('rekey_log_dropped_total')).toBe(0);
  dropped = 7;
  expect(await read('rekey_log_dropped_total')).toBe(7);
});

describe('events', () => {
  const counted = (type: string, outcome: string) =>
    `rekey_events_total{type="${type}",outcome="${outcome}"}`;

  it('are there from the start, so that the first one is an increase', async () => {
    const { read } = await measuring();
    expect(await read(counted('user.locked', 'committed'))).toBe(0);
    expect(await read(counted('user.locked', 'undone'))).toBe(0);
  });

  it('count once for a change, however many services are told, and by what became of it', async () => {
    const { metrics, read } = await measuring();
    const database = metrics.watchDatabase(memoryDatabase());
    const [user, other] = ['ada', 'eve'];
    const tell = (userId: string | null, serviceId: string) =>
      anEvent({ type: 'user.locked', data: {}, userId, serviceId });
    await database.transact(async ({ events }) => {
      for (const serviceId of ['a', 'b', 'c']) await events.insert(tell(user, serviceId));
      await events.insert(tell(other, 'a'));
      // A key of a service is about no user: each is a change.
      for (const serviceId of ['a', 'a']) {
        const data = { key_type: 'KEY', expires_at: null } as const;
        await events.insert(anEvent({ type: 'key.created', data, userId: null, serviceId }));
      }
    });
    const failing = database.transact(async ({ events }) => {
      await events.insert(tell(user, 'a'));
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(await read(counted('user.locked', 'committed'))).toBe(2);
    expect(await read(counted('user.locked', 'undone'))).toBe(1);
    expect(await read(counted('key.created', 'committed'))).toBe(2);
  });
});

describe('logins', () => {
  const failed = (type: string, account = 'known') =>
    `rekey_failed_proofs_total{type="${type}",account="${account}"}`;
  const proven = async () => {
    const measured = await measuring();
    const database = measured.metrics.watchDatabase(memoryDatabase());
    return { ...measured, database };
  };

  it('that open a session are counted by what was proven, once they are committed', async () => {
    const { database, read } = await proven();
    type Amr = Parameters<typeof aSession>[0]['amr'];
    const open = (amr: NonNullable<Amr>) => (stores: Stores) =>
      stores.sessions.insert(aSession({ userId: 'ada', serviceId: 'shop', keyId: 'key', amr }));
    await database.transact(open(['pwd']));
    await database.transact(open(['pwd', 'otp']));
    const undone = database.transact(async (stores) => {
      await open(['pwd', 'otp'])(stores);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await read('rekey_logins_total{amr="pwd"}')).toBe(1);
    expect(await read('rekey_logins_total{amr="pwd+otp"}')).toBe(1);
  });

  it('that fail are counted by their type and whether they are about an account, as often as their entries say, from zero on', async () => {
    const { database, read, scrape } = await proven();
    expect(await read(failed('rekey:FactorLogin'))).toBe(0);
    const pending = aPendingEntry(null);
    const entry = (details: Partial<(typeof pending)['entry']>) => ({
      ...pending,
      entry: { ...pending.entry, ...details },
    });
    await database.transact(({ audit }) =>
      audit.insert([
        entry({ type: 'rekey:FactorLogin', outcome: 'failure', userId: 'ada' }),
        entry({ type: 'rekey:FactorLogin', outcome: 'failure', userId: null, count: 7 }),
        entry({ type: 'sso:AuthLocalLogin', outcome: 'success' }),
        entry({ type: 'sso:UserUpdate', outcome: 'failure' }),
      ]),
    );
    expect(await read(failed('rekey:FactorLogin'))).toBe(1);
    expect(await read(failed('rekey:FactorLogin', 'none'))).toBe(7);
    expect(await read(failed('sso:AuthLocalLogin'))).toBe(0);
    expect(await scrape()).not.toContain('sso:UserUpdate');
  });
});

it('accounts with a factor are counted at a scrape, at most once a minute, and absent without an answer', async () => {
  const { metrics, read, scrape } = await measuring();
  let [isDown, asked, now] = [false, 0, 0];
  metrics.watchFactors(
    async () => {
      asked += 1;
      if (isDown) throw new Error('gone');
      return { totp: 5, passkey: 3, google: 2, github: 0, microsoft: 1 };
    },
    () => now,
  );
  expect(await read('rekey_accounts_with_factor{factor="totp"}')).toBe(5);
  expect(await read('rekey_accounts_with_factor{factor="github"}')).toBe(0);
  now += 59_999;
  await scrape();
  expect(asked).toBe(1);
  isDown = true;
  now += 1;
  expect(await read('rekey_accounts_with_factor{factor="totp"}')).toBeNull();
  expect(asked).toBe(2);
});

it('calls of webhooks are counted by outcome, and those that fail are told with their age', async () => {
  const { metrics, read } = await measuring();
  metrics.called({ failure: null });
  metrics.called({ failure: 'timeout' });
  metrics.webhookDisabled();
  const counts = { failing: 3, failingSince: 40_000, disabled: 2 };
  metrics.watchWebhooks(
    async () => counts,
    () => 100_000,
  );
  expect(await read('rekey_webhook_calls_total{outcome="delivered"}')).toBe(1);
  expect(await read('rekey_webhook_calls_total{outcome="timeout"}')).toBe(1);
  expect(await read('rekey_webhooks_given_up_total')).toBe(1);
  expect(await read('rekey_webhook_failing')).toBe(3);
  expect(await read('rekey_webhook_failing_seconds')).toBe(60);
  expect(await read('rekey_webhooks_disabled')).toBe(2);
});
