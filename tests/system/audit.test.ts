import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { compose } from '../../apps/server/src/compose.ts';
import { readConfig } from '../../apps/server/src/config.ts';
import { behind } from '../../packages/adapters-db/test/behind.ts';
import { operator } from '../../packages/domain/src/index.ts';
import { aFolder, runCli, type Server, startMailbox, startServer } from '../harness.ts';

// Many processes start here, and a busy machine takes its time for each.
vi.setConfig({ testTimeout: 90_000 });

type Chain = { service_id: string | null; length: number; pruned: number; hash: string | null };

/** Runs a command of the audit, and reads its JSON. */
async function audit(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await runCli(folder, ['audit', ...args, '--json']);
  return { code, stderr, ...JSON.parse(stdout || '{}') };
}

async function createService(folder: string): Promise<{ id: string; key: string }> {
  const args = ['create-service-with-key', 'Shop', 'https://shop.example', '--json'];
  const { service, key } = JSON.parse((await runCli(folder, args)).stdout);
  return { id: service.id, key: key.value };
}

/** Changes the database behind Rekey's back. */
async function alter(folder: string, statement: string): Promise<void> {
  const database = await behind(`sqlite:${path.join(folder, 'data/rekey.db')}`);
  await database.run(statement);
  await database.close();
}

/** The places of the entries of a chain. */
const placesOf = (chain: string) =>
  `select place from audit_entries where place / 1099511627776 =
     (select number from audit_chains where chain = '${chain}')`;

async function form({ url }: Server, method: string, route: string, fields: object, token = '') {
  const headers = { authorization: `Bearer ${token}` };
  const body = new URLSearchParams(Object.entries(fields));
  const response = await fetch(`${url}${route}`, { method, headers, body });
  return JSON.parse(await response.text());
}

/** The entries of all chains, the latest first: type, outcome, and where they came from. */
async function typesIn(folder: string): Promise<string[]> {
  const { entries } = await audit(folder, 'list');
  return entries.map(
    ({ type, outcome, remote }: Record<string, string | null>) => `${type} ${outcome} ${remote}`,
  );
}

test('what an operator does outside of the database is in the audit', async () => {
  const folder = aFolder();
  await createService(folder);
  await runCli(folder, ['keyring', 'rotate']);
  await runCli(folder, ['keyring', 'prune']);
  await runCli(folder, ['backup', 'copy', '--keys-to', 'keys']);
  expect((await typesIn(folder)).slice(0, 3)).toEqual([
    'rekey:Backup success ',
    'rekey:KeyringPrune success ',
    'rekey:KeyringRotate success ',
  ]);
  // The copy knows of itself.
  const copied = await behind(`sqlite:${path.join(folder, 'copy/rekey.db')}`);
  const { audit_entries = [] } = await copied.tables();
  await copied.close();
  expect(audit_entries.map(({ type }) => type)).toContain('rekey:Backup');
  expect(await audit(folder, 'verify')).toMatchObject({ code: 0, ok: true });
});

test('failures that were summed are recorded by a server, and by a command before it looks', async () => {
  const folder = aFolder();
  const { id } = await createService(folder);
  const plant = (network: string) =>
    alter(
      folder,
      `insert into audit_sums (ends_at, chain, type, network, count)
       values (60000, '${id}', 'sso:AuthLocalLogin', '${network}', 7)`,
    );
  await plant('192.0.2.7');
  expect(await typesIn(folder)).toContain('sso:AuthLocalLogin failure 192.0.2.7');
  await plant('192.0.2.8');
  const server = await startServer(folder, { LOG_LEVEL: 'debug' });
  const output = () => server.output();
  await expect.poll(output, { timeout: 30_000 }).toContain('"entries":1,"msg":"failures recorded"');
  expect(await audit(folder, 'verify')).toMatchObject({ code: 0, ok: true });
});

describe('rekey audit verify', () => {
  test('shows each chain with its length and latest hash, while a server runs', async () => {
    const folder = aFolder();
    const hash = expect.stringMatching(/^[\da-f]{16}\.[\w-]{43}$/);
    const aChain = (service_id: string | null, length: number) => {
      return { service_id, length, pruned: 0, hash, fault: null };
    };
    // The operator's is there with the database.
    await runCli(folder, ['init']);
    const first = await audit(folder, 'verify');
    expect(first).toEqual({ code: 0, stderr: '', ok: true, chains: [aChain(null, 1)] });
    const { id } = await createService(folder);
    await runCli(folder, ['create-root-key', 'ops']);
    await startServer(folder);
    const { code, ok, chains } = await audit(folder, 'verify');
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(chains).toHaveLength(3);
    expect(chains).toContainEqual(aChain(id, 1));
    // It begins, announces the service, has the root key, and announces the built-in service.
    expect(chains[0]).toEqual(aChain(null, 4));
    const { stdout } = await runCli(folder, ['audit', 'verify']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    const own = chains.find((chain: Chain) => chain.service_id === id);
    expect(lines.find((line) => line.includes(id))).toMatch(new RegExp(`^ok .* 1 .*${own.hash}$`));
    expect(stdout).toMatch(/^ok +operator /m);
  });

  test('names the entry that was tampered with, and exits with 1', async () => {
    const folder = aFolder();
    const { id } = await createService(folder);
    await alter(folder, `update audit_entries set subject = null where place in (${placesOf(id)})`);
    const { code, ok, chains } = await audit(folder, 'verify');
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    const reason = 'is not as it was written';
    const own = chains.find((chain: Chain) => chain.service_id === id);
    expect(own.fault).toMatchObject({ sequence: 1, reason });
    const { stdout } = await runCli(folder, ['audit', 'verify']);
    expect(stdout).toMatch(/^FAIL /m);
    expect(stdout).toContain(`${id}: entry 1 ${reason}\n`);

    await alter(folder, 'delete from audit_entries');
    await alter(folder, 'delete from audit_chains');
    const gone = (await runCli(folder, ['audit', 'verify'])).stdout;
    for (const chain of [id, 'operator'])
      expect(gone).toContain(`${chain}: the chain is missing\n`);
  });

  test('knows entries that were made before the keys were rotated', async () => {
    const folder = aFolder();
    await createService(folder);
    await runCli(folder, ['keyring', 'rotate', '--purpose', 'audit']);
    await createService(folder);
    expect(await audit(folder, 'verify')).toMatchObject({ code: 0, ok: true });
  });
});

describe('rekey audit prune', () => {
  /** A service, and a root key, that were made so many days ago. */
  async function madeDaysAgo(folder: string, days: number): Promise<string> {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - days * 86_400_000 });
    onTestFinished(() => void vi.useRealTimers());
    const rekey = await compose(
      readConfig({
        DATABASE_URL: `sqlite:${folder}/data/rekey.db`,
        KEYS_FILE: `${folder}/data/keys.json`,
      }),
    );
    const input = { name: 'Old', url: 'https://old.example' };
    const { services, keys } = rekey.useCases;
    const { service } = await services.createServiceWithKey.execute(operator, input);
    await keys.createRootKey.execute(operator, { name: 'old' });
    await rekey.close();
    vi.useRealTimers();
    return service.id;
  }

  test('deletes the entries that are older, and the rest can be verified as before', async () => {
    const folder = aFolder();
    const old = await madeDaysAgo(folder, 30);
    const { id } = await createService(folder);
    expect(await audit(folder, 'prune', '--older-than', '31', '--yes')).toMatchObject({
      pruned: 0,
    });
    // Its chain, and three of the operator's: the beginning, the announcement and the root key.
    expect(await audit(folder, 'prune', '--older-than', '29', '--yes')).toMatchObject({
      pruned: 4,
    });
    const { code, chains } = await audit(folder, 'verify');
    expect(code).toBe(0);
    expect(chains.find((chain: Chain) => chain.service_id === old)).toMatchObject({
      length: 1,
      pruned: 1,
    });
    expect(chains.find((chain: Chain) => chain.service_id === id)).toMatchObject({ pruned: 0 });
    const { stdout } = await runCli(folder, ['audit', 'prune', '--older-than', '29', '--yes']);
    expect(stdout).toBe('0 deleted.\n');
  });

  test('is done by a server with AUDIT_DAYS, and recorded', async () => {
    const folder = aFolder();
    const old = await madeDaysAgo(folder, 30);
    await startServer(folder, { AUDIT_DAYS: '29' });
    const chain = async () =>
      (await audit(folder, 'verify')).chains.find(({ service_id }: Chain) => service_id === old);
    const pruned = { length: 1, pruned: 1, fault: null };
    await expect.poll(chain, { timeout: 30_000 }).toMatchObject(pruned);
    expect(await typesIn(folder)).toContain('rekey:AuditPrune success ');
  });

  test('deletes no entry that was tampered with', async () => {
    const folder = aFolder();
    const id = await madeDaysAgo(folder, 30);
    await alter(
      folder,
      `update audit_entries set type = substr(hash, 1, 2) where place in (${placesOf(id)})`,
    );
    const { code, stdout, stderr } = await runCli(folder, [
      'audit',
      'prune',
      '--older-than',
      '1',
      '--yes',
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^rekey: .*audit verify\n$/);
    expect((await audit(folder, 'verify')).chains).toContainEqual(
      expect.objectContaining({ service_id: id, pruned: 0 }),
    );
  });

  test('asks before, and does nothing where nobody can answer', async () => {
    const folder = aFolder();
    const id = await madeDaysAgo(folder, 30);
    const { code, stderr } = await runCli(folder, ['audit', 'prune', '--older-than', '1']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--yes')]);
    const { chains } = await audit(folder, 'verify');
    expect(chains.find((chain: Chain) => chain.service_id === id)).toMatchObject({ pruned: 0 });
  });

  test('is done by task-retention without a question: entries older than twelve weeks, or as many as it is told', async () => {
    const folder = aFolder();
    const id = await madeDaysAgo(folder, 30);
    const retain = async (...args: string[]) =>
      (await runCli(folder, ['task-retention', ...args])).stdout;
    expect(await retain()).toBe('0\n');
    expect(await retain('--weeks', '5')).toBe('0\n');
    expect(JSON.parse(await retain('--weeks', '4', '--json'))).toEqual({ pruned: 4 });
    const { chains } = await audit(folder, 'verify');
    expect(chains.find((chain: Chain) => chain.service_id === id)).toMatchObject({ pruned: 1 });
  });

  test.each([[[]], [['--older-than']], [['--older-than', '0']], [['--older-than', '1.5']]])(
    'refuses %j with one line and exit code 2',
    async (args) => {
      const { code, stderr } = await runCli(aFolder(), ['audit', 'prune', ...args]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^rekey: .+\n$/);
    },
  );
});

test('rekey audit list shows what is asked for, and rekey audit export every entry as it was written', async () => {
  const folder = aFolder();
  const { id } = await createService(folder);
  await runCli(folder, ['create-root-key', 'ops']);
  const types = async (...args: string[]) =>
    (await audit(folder, 'list', ...args)).entries.map(({ type }: { type: string }) => type);
  expect(await types()).toEqual([
    'rekey:RootKeyCreate',
    'rekey:ChainBegin',
    'sso:ServiceCreate',
    'rekey:ChainBegin',
  ]);
  expect(await types('--type', 'sso:ServiceCreate', '--type', 'rekey:RootKeyCreate')).toEqual([
    'rekey:RootKeyCreate',
    'sso:ServiceCreate',
  ]);
  expect(await types('--service', id)).toEqual(['sso:ServiceCreate']);
  expect(await types('--since', '1h', '--limit', '1')).toEqual(['rekey:RootKeyCreate']);
  expect(await types('--since', '2999-01-01')).toEqual([]);
  expect(await types('--user', id)).toEqual([]);
  for (const args of [
    ['--since', 'yesterday'],
    ['--user', 'x'],
    ['--service', 'x'],
    ['--since', '2026-13-01'],
  ]) {
    expect((await runCli(folder, ['audit', 'list', ...args])).code).toBe(2);
  }
  expect((await runCli(folder, ['audit', 'list', '--user', 'nobody@example.com'])).code).toBe(1);

  const { stdout } = await runCli(folder, ['audit', 'export']);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(4);
  const { entries } = await audit(folder, 'list', '--type', 'sso:ServiceCreate');
  const [{ updated_at: _, ...entry }] = entries;
  const salted = { salt: null, text_digest: null };
  expect(lines).toContainEqual({ ...entry, ...salted });
  const one = await runCli(folder, ['audit', 'export', '--service', id]);
  expect(one.stdout).toBe(`${JSON.stringify(lines.find(({ service_id }) => service_id === id))}\n`);
});

test('a mail that is given up, requeued and sent has an entry for each', async () => {
  const folder = aFolder();
  let isRefused = false;
  const mailbox = await startMailbox(0, () => isRefused);
  const rootKey = JSON.parse(
    (await runCli(folder, ['create-root-key', 'ops', '--json'])).stdout,
  ).key;
  const server = await startServer(folder, { SMTP_URL: mailbox.url });
  const owner = { email: 'orion@test.com', password: 'first password' };
  type Entry = { type: string; outcome: string; subject: string };
  const entries = async () => {
    const headers = { authorization: rootKey.value };
    const response = await fetch(`${server.url}/v1/audit?limit=4&order=desc`, { headers });
    const { data } = (await response.json()) as { data: Entry[] };
    return data.map(({ type, outcome, subject }) => ({ type, outcome, subject }));
  };
  const latest = async () => (await entries())[0];
  await form(server, 'POST', '/users/create', { name: 'Orion', ...owner });
  // The mail of the sign-up is accepted.
  const isSent = { type: 'rekey:MailSend', outcome: 'success' };
  await expect.poll(latest, { timeout: 30_000 }).toMatchObject(isSent);

  isRefused = true;
  const { token } = await form(server, 'POST', '/users/login', owner);
  const change = { ...owner, newPassword: 'second password' };
  await form(server, 'PUT', '/users/update/password', change, token);
  await expect.poll(latest, { timeout: 30_000 }).toMatchObject({ ...isSent, outcome: 'failure' });
  isRefused = false;
  await runCli(folder, ['outbox', 'requeue', '--all-dead']);
  await mailbox.mail(1);
  await expect.poll(latest, { timeout: 30_000 }).toMatchObject(isSent);
  const [sent, ...before] = await entries();
  const { subject } = sent ?? {};
  expect(sent).toEqual({ type: 'rekey:MailSend', outcome: 'success', subject });
  expect(before).toEqual([
    { type: 'rekey:MailRequeue', outcome: 'success', subject },
    { type: 'rekey:MailSend', outcome: 'failure', subject },
    // Its subject is the right that the mail carries, and not the mail.
    { type: 'sso:AuthLocalUpdatePassword', outcome: 'success', subject: expect.any(String) },
  ]);
});
