import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { vectors } from '../../packages/adapters-crypto/test/foreign-hashes.ts';
import { aFolder, createService, post, runCli, startServer } from '../harness.ts';

// A command line and a server start here, which hashes for a while, and a busy machine takes its time.
vi.setConfig({ testTimeout: 300_000 });

const LOGIN = '/v1/auth/provider/local/login';

/** A person for one hash of each project; nobody logs in with an empty password. */
const people = Object.values(vectors)
  .flatMap((hashes) => hashes.filter(([password]) => password !== '').slice(0, 1))
  .map(([password, hash, format], index) => {
    return { password, hash, format, email: `person-${index}@example.com` };
  });

test.each([
  ['sealed where they are cheap', []],
  ['hashed once more where they are cheap', ['--wrap']],
])('hashes of every format, %s, let people in with the old password', async (_how, options) => {
  const folder = aFolder();
  const { key } = await createService(folder);
  const file = path.join(folder, 'users.jsonl');
  const rows = people.map(({ email, hash, format }) => ({
    name: 'Ada',
    email,
    password_hash: hash,
    password_hash_format: format,
    keys: [{ type: 'TOKEN', name: 'web', service: 'Shop' }],
  }));
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  const imported = await runCli(folder, ['import', 'users', '--from', file, '--yes', ...options]);
  expect(imported).toMatchObject({ code: 0 });

  const server = await startServer(folder);
  const statusOf = async (email: string, password: string) =>
    (await post(server, key.value, LOGIN, { email, password })).status;
  for (const { email, password, hash } of people) {
    expect(await statusOf(email, `${password}!`), hash).toBe(400);
    // Once with the hash that came, and once with the one that took its place.
    expect(await statusOf(email, password), hash).toBe(200);
    expect(await statusOf(email, password), hash).toBe(200);
  }
});
