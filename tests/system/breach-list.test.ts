import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { aFolder, call, createService, post, startServer } from '../harness.ts';

// A command line and a server start here, and a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const LISTED = 'planted: listed in a breach';
const UNLISTED = 'planted: listed nowhere yet';
const LOCAL = '/v1/auth/provider/local';

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();

/** A range API on loopback with one password. */
async function startBreachList() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(`${'0'.repeat(35)}:1\r\n${sha1(LISTED).slice(5)}:12`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  onTestFinished(stop);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked, stop };
}

test('a password is looked up in the breach list when it is set, and a list that is down stops nobody', async () => {
  const folder = aFolder();
  const list = await startBreachList();
  const { key } = await createService(folder);
  const server = await startServer(folder, { HIBP_URL: list.url, PASSWORD_POLICY: 'standard' });
  let count = 0;
  const create = (password?: string) => {
    count += 1;
    const email = `user-${count}@example.com`;
    return post(server, key.value, '/v1/user', { is_enabled: true, name: 'Ada', email, password });
  };
  const meta = (pwned: boolean | null) => ({
    status: 200,
    body: { meta: { password_strength: 4, password_pwned: pwned } },
  });
  const isCommon = (field: string) => ({
    status: 400,
    body: {
      code: 'invalid_argument',
      errors: [
        { field, message: 'must not be commonly used, or known from a breach', code: 'common' },
      ],
    },
  });

  expect(await create()).toMatchObject({
    status: 200,
    body: { meta: { password_strength: null, password_pwned: null } },
  });
  expect(list.asked).toEqual([]);
  expect(await create(LISTED)).toMatchObject(isCommon('password'));
  const created = await create(UNLISTED);
  expect(created).toMatchObject(meta(false));
  const rangeOf = (password: string) => `/range/${sha1(password).slice(0, 5)}`;
  expect(list.asked).toEqual([rangeOf(LISTED), rangeOf(UNLISTED)]);

  const signUp = new URLSearchParams({ name: 'Eve', email: 'eve@example.com', password: LISTED });
  expect(
    await call(server, 'POST', '/users/create', { method: 'POST', body: signUp }),
  ).toMatchObject({ status: 200 });
  const { id, email } = created.body.data;
  const aKey = { is_enabled: true, type: 'TOKEN', name: 'web', user_id: id };
  expect(await post(server, key.value, '/v1/key', aKey)).toMatchObject({ status: 200 });
  const login = { email, password: UNLISTED };
  expect(await post(server, key.value, `${LOCAL}/login`, login)).toMatchObject(meta(null));
  const guess = { email, password: 'not this one', new_password: LISTED };
  expect(await post(server, key.value, `${LOCAL}/update-password`, guess)).toMatchObject({
    body: { code: 'invalid_credentials' },
  });
  expect(list.asked).toHaveLength(2);

  const change = { ...guess, password: UNLISTED };
  expect(await post(server, key.value, `${LOCAL}/update-password`, change)).toMatchObject(
    isCommon('new_password'),
  );
  expect(list.asked).toHaveLength(3);

  await list.stop();
  for (let failure = 0; failure < 5; failure += 1) {
    expect(await create(LISTED)).toMatchObject(meta(null));
  }
  expect(await post(server, key.value, `${LOCAL}/update-password`, change)).toMatchObject(
    meta(null),
  );

  server.signal('SIGTERM');
  expect(await server.exit).toMatchObject({ code: 0 });
  expect(server.output()).toContain('"reason":"ECONNREFUSED","msg":"breach list does not answer"');
  for (const password of [LISTED, UNLISTED]) {
    expect(server.output()).not.toContain(password);
    expect(server.output().toUpperCase()).not.toContain(sha1(password).slice(5));
  }
});
