import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import { aFolder, call, createService, image, post, runCommands, startServer } from '../harness.ts';
import { textOf } from '../sources.ts';

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** The commands of a page, all of them in their order. */
const commandsOf = (page: string): string =>
  [...textOf(page).matchAll(/```bash\n(.*?)```/gs)].map(([, text]) => text).join('\n');

const linesOf = (text: string) => text.trim().split('\n');

describe.skipIf(skips(!hasCurl, 'the commands of the guides need curl'))('the commands', () => {
  test('of the quickstart create a user, log it in and out, as often as they are run', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    const script = commandsOf('docs/quickstart.md')
      .replace('http://localhost:8042', server.url)
      .replace('npx -y pnpm@12 exec rekey', `'${process.execPath}' '${image.cli}'`)
      // The answers have no line of their own.
      .replaceAll(/^curl.*?[^\\]$/gms, '$&; echo');
    for (const turn of ['first', 'second']) {
      const { code, stdout, stderr } = await runCommands(folder, script);
      expect({ turn, code, stderr }).toEqual({ turn, code: 0, stderr: '' });
      const [made = '', verified = '', out = ''] = linesOf(stdout);
      expect(JSON.parse(verified).user.id).toBe(JSON.parse(made).data.id);
      expect(out).toBe('{}');
    }
  });

  test('of the guide for backends go from a sign-up that is sent twice to a logout', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    const { key } = await createService(folder);
    const script = [
      `field() { node -p "JSON.parse(require('fs').readFileSync(0))$1"; }`,
      `REKEY='${server.url}' KEY='${key.value}' JSON='Content-Type: application/json'`,
      `EMAIL=ada@example.com ONCE='${crypto.randomUUID()}'`,
      commandsOf('docs/guides/json.md'),
      'echo; echo "$ACCESS"',
    ].join('\n');
    const { code, stdout, stderr } = await runCommands(folder, script);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, second, name, locale, sessions, out, access] = linesOf(stdout);
    expect(second).toBe(first);
    expect([name, locale, sessions, out]).toEqual(['Ada', 'de', '1', '{}']);
    const refused = await call(server, 'POST', '/v1/auth/token/verify', {
      headers: { authorization: key.value, 'content-type': 'application/json' },
      body: JSON.stringify({ token: access }),
    });
    expect(refused.body.code).toBe('invalid_token');
    const { data } = (
      await call(server, 'GET', '/v1/user', { headers: { authorization: key.value } })
    ).body;
    expect(data).toEqual([
      expect.objectContaining({ id: first, attributes: { newsletter: true } }),
    ]);
  });

  test('of the guide to keys for users make one, check it and show it without its value', async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    const { key: service } = await createService(folder);
    const post = async (path: string, sent: object) =>
      call(server, 'POST', path, {
        headers: { authorization: service.value, 'content-type': 'application/json' },
        body: JSON.stringify(sent),
      });
    const { id } = (await post('/v1/user', { name: 'Ada', email: 'ada@example.com' })).body.data;
    const scopes = ['orders:read'];
    const given = (await post('/v1/key', { name: 'given', user_id: id, scopes })).body.data;
    const script = [
      `REKEY='${server.url}' SERVICE_KEY='${service.value}' USER_ID='${id}' KEY='${given.value}'`,
      'curl() { command curl --fail-with-body "$@"; echo; }',
      commandsOf('docs/guides/user-keys.md'),
    ].join('\n');
    const { code, stdout, stderr } = await runCommands(folder, script);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [made, verified, listed] = linesOf(stdout).map((line) => JSON.parse(line));
    expect(made.data.value).toMatch(/^rku_/);
    expect(verified.user.id).toBe(id);
    expect(listed.data).toEqual([
      expect.objectContaining({ id: given.key.id, prefix: given.value.slice(4, 12) }),
      expect.objectContaining({ id: made.data.key.id, name: 'nightly backup', scopes }),
    ]);
    expect(JSON.stringify(listed)).not.toContain(given.value);
  });

  // Some thirty programs, one after the other.
  test('of the guide to second factors enrol one, log in with it, lose the phone and require one of everybody', {
    timeout: 180_000,
  }, async () => {
    const folder = aFolder();
    const server = await startServer(folder);
    const { key, service } = await createService(folder);
    const email = 'ada@example.com';
    const user = { name: 'Ada', email, password: 'correct horse', token_key: true };
    await post(server, key.value, '/v1/user', user);
    const script = [
      `REKEY='${server.url}' KEY='${key.value}' EMAIL='${email}' SERVICE='${service.id}'`,
      `rekey() { '${process.execPath}' '${image.cli}' "$@" > /dev/null; }`,
      commandsOf('docs/guides/second-factors.md'),
    ].join('\n');
    const { code, stdout, stderr } = await runCommands(folder, script);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const login = { email, password: user.password };
    const next = await post(server, key.value, '/v1/auth/provider/local/login', login);
    expect([...linesOf(stdout), next.body.code]).toEqual([
      ...['10', 'second_factor_required', email],
      '10',
      ...['pwd recovery_code otp', 'insufficient_user_authentication', 'aal2'],
      // The factor is removed, and a new one is required.
      ...['{}factor_enrolment_required', email],
      'second_factor_required',
    ]);
  });
});

test('the guide to passkeys shows the script and the routes of the example that is tested', () => {
  const page = textOf('docs/guides/passkeys.md');
  for (const [language, file] of [
    ['js', 'passkeys.js'],
    ['ts', 'passkeys.ts'],
  ]) {
    expect(page).toContain(`\`\`\`${language}\n${textOf(`examples/express/${file}`)}\`\`\``);
  }
});
