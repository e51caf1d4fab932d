import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, call, image, runCli, runCommands, startServer } from '../harness.ts';
import { textOf } from '../sources.ts';

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** The commands of the guide, one list for each block. */
const blocks = [...textOf('docs/guides/leaked-key.md').matchAll(/```bash\n(.*?)```/gs)].map(
  ([, text = '']) => text.trim().split('\n'),
);

test.skipIf(skips(!hasCurl, 'the commands of the guide need curl'))(
  'the commands of the guide about leaked keys work, each of them, and end the keys that leaked',
  async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    const made = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli(folder, [...args, '--json']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    };
    const as = async (authorization: string, method: string, path: string, sent?: object) =>
      call(server, method, path, {
        headers: { authorization, ...(sent && { 'content-type': 'application/json' }) },
        ...(sent && { body: JSON.stringify(sent) }),
      });

    const shop = await made('create-service-with-key', 'Shop', 'https://shop.example');
    const store = await made('create-service-with-key', 'Store', 'https://store.example');
    const root = (await made('create-root-key', 'operations')).key;
    const leakedRoot = (await made('create-root-key', 'leaked')).key;
    const email = 'ada@example.com';
    const user = { name: 'Ada', email };
    const { id } = (await as(store.key.value, 'POST', '/v1/user', user)).body.data;
    const aKey = async () => {
      const of = { type: 'KEY', name: 'backup', user_id: id };
      return (await as(store.key.value, 'POST', '/v1/key', of)).body.data;
    };
    const [first, second] = [await aKey(), await aKey()];

    const variables = {
      REKEY: server.url,
      SERVICE: shop.service.id,
      KEY: shop.key.id,
      SERVICE_KEY: store.key.value,
      ROOT_KEY: root.value,
      OLD_ROOT_KEY: leakedRoot.id,
      EMAIL: email,
      USER_ID: id,
      USER_KEY: first.key.id,
      LEAKED: second.value,
    };
    const setup = [
      ...Object.entries(variables).map(([name, value]) => `${name}='${value}'`),
      `rekey() { '${process.execPath}' '${image.cli}' "$@"; }`,
      // An answer that is an error fails the command.
      'curl() { command curl --fail-with-body "$@"; }',
    ];
    expect(blocks.length).toBeGreaterThan(8);
    for (const line of blocks.flat()) {
      const { code, stdout, stderr } = await runCommands(folder, [...setup, line].join('\n'));
      expect({ line, code, stdout, stderr }).toMatchObject({ line, code: 0, stderr: '' });
    }

    const lost: [string, string][] = [
      [shop.key.value, `/v1/service/${shop.service.id}`],
      [leakedRoot.value, '/v1/service'],
    ];
    for (const [key, path] of lost) expect((await as(key, 'GET', path)).status).toBe(401);
    for (const { value } of [first, second]) {
      const verified = await as(store.key.value, 'POST', '/v1/auth/key/verify', { key: value });
      expect(verified).toMatchObject({ status: 400, body: { code: 'invalid_token' } });
    }
    const read = await as(root.value, 'GET', `/v1/service/${shop.service.id}`);
    expect(read.body.data.is_enabled).toBe(true);
  },
);
