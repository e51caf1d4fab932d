import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { skips } from '../../packages/usecases/testing/index.ts';
import {
  aFolder,
  call,
  image,
  linkIn,
  runCli,
  runCommands,
  startMailbox,
  startServer,
} from '../harness.ts';
import { textOf } from '../sources.ts';

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const [, ...parts] = textOf('docs/guides/administer-users.md').split(/^## /m);

/** The commands below a heading, block by block. */
const sections = new Map(
  parts.map((part) => {
    const blocks = [...part.matchAll(/```bash\n(.*?)```/gs)].map(([, text = '']) => text);
    return [part.slice(0, part.indexOf('\n')), blocks];
  }),
);

test.skipIf(skips(!hasCurl, 'the commands of the guide need curl'))(
  'each command and each call of the guide to administering users does what the guide says',
  async () => {
    const folder = aFolder();
    const mailbox = await startMailbox();
    const server = await startServer(folder, { SMTP_URL: mailbox.url });
    const made = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli(folder, [...args, '--json']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    };
    const shop = (await made('create-service-with-key', 'Shop', 'https://shop.example')).key.value;
    const root = (await made('create-root-key', 'support')).key.value;
    const ask = async (method: string, path: string, sent?: object, authorization = shop) =>
      call(server, method, path, {
        headers: { authorization, ...(sent && { 'content-type': 'application/json' }) },
        ...(sent && { body: JSON.stringify(sent) }),
      });
    const form = async (path: string, fields: Record<string, string>) =>
      call(server, 'POST', path, { body: new URLSearchParams(fields) });

    const password = 'correct horse';
    const emails = ['ada@example.com', 'bob@example.com'] as const;
    const ids: string[] = [];
    for (const email of emails) {
      const person = { name: 'Ada', email, password, token_key: true };
      ids.push((await ask('POST', '/v1/user', person)).body.data.id);
    }
    const [ada = '', bob = ''] = ids;
    const login = async (email: string) =>
      ask('POST', '/v1/auth/provider/local/login', { email, password });
    const tokens = async () =>
      Promise.all(emails.map(async (email) => (await login(email)).body.access.token as string));
    const answers = async (all: readonly string[]) =>
      Promise.all(
        all.map(async (token) => (await ask('POST', '/v1/auth/token/verify', { token })).status),
      );
    const typesOf = async (id: string) =>
      (await ask('GET', `/v1/audit?user_id=${id}&order=desc`)).body.data.map(
        ({ type }: { type: string }) => type,
      );
    for (const [name, email] of [
      ['Grace', 'grace@example.com'],
      ['Person', 'person@example.com'],
    ] as const) {
      await form('/users/create', { name, email, password });
    }

    const opened = await tokens();
    const wrong = { email: emails[0], password: 'wrong horse' };
    await ask('POST', '/v1/auth/provider/local/login', wrong);

    // The commands are about one person, and the calls about another: each has to do its work alone.
    const variables = {
      REKEY: server.url,
      ROOT_KEY: root,
      EMAIL: emails[0],
      USER_ID: bob,
      ADMIN_EMAIL: 'grace@example.com',
      ADMIN_PASSWORD: password,
      PERSON: 'person@example.com',
    };
    const setup = [
      ...Object.entries(variables).map(([name, value]) => `${name}='${value}'`),
      `rekey() { '${process.execPath}' '${image.cli}' "$@"; }`,
      // An answer that is an error fails the command.
      'curl() { command curl --fail-with-body "$@"; }',
    ];
    const left = new Map(sections);
    /** Runs all blocks below a heading, or the ones with these places. */
    const run = async (heading: string, places?: readonly number[]) => {
      const blocks = left.get(heading) ?? [];
      const chosen = blocks.filter((_block, place) => places?.includes(place) ?? true);
      expect(chosen.length, heading).toBeGreaterThan(0);
      if (places === undefined || places.includes(blocks.length - 1)) left.delete(heading);
      const { code, stdout, stderr } = await runCommands(folder, [...setup, ...chosen].join('\n'));
      expect({ heading, code, stdout, stderr }).toMatchObject({ heading, code: 0, stderr: '' });
      return stdout;
    };

    expect((await run('Find')).match(/ada@example\.com/g)?.length).toBeGreaterThan(3);
    const looked = await run('Look');
    for (const seen of [emails[0], `"email":"${emails[1]}"`, 'TOKEN', 'sso:AuthLocalLogin']) {
      expect(looked).toContain(seen);
    }

    await run('Log out');
    expect(await answers(opened)).toEqual([400, 400]);
    expect(await typesOf(ada)).toContain('rekey:SessionEnd');
    const again = await tokens();
    expect(await answers(again)).toEqual([200, 200]);

    expect(await run('Too many tries')).toContain('The tries are forgotten.');
    expect(await typesOf(ada)).toContain('rekey:ThrottleReset');

    await run('A new password at the next login', [0, 1]);
    for (const email of emails) {
      expect((await login(email)).body.code).toBe('password_update_required');
    }
    expect(await answers(again)).toEqual([200, 200]);
    await run('A new password at the next login', [2, 3]);
    expect(await answers(await tokens())).toEqual([200, 200]);

    await run('Disable and enable', [0, 1]);
    expect(await answers(again)).toEqual([400, 400]);
    for (const [place, email] of emails.entries()) {
      expect((await login(email)).body.code).toBe('invalid_credentials');
      const path = `/v1/user/${ids[place]}`;
      expect((await ask('GET', path)).body.data.is_enabled).toBe(false);
      const enabled = await ask('PATCH', path, { is_enabled: true });
      expect(enabled).toMatchObject({ status: 403, body: { code: 'root_key_required' } });
      expect(await typesOf(ids[place] ?? '')).toContain('sso:UserUpdate');
    }
    await run('Disable and enable', [2, 3]);
    expect(await answers(await tokens())).toEqual([200, 200]);

    const local = '/v1/auth/provider/local';
    const mailed = () => mailbox.mails.length;
    for (const email of emails) {
      const before = mailed();
      const change = { email, password, new_password: 'battery staple' };
      await ask('POST', `${local}/update-password`, change);
      const { text } = await mailbox.mail(before);
      const token = linkIn(text).searchParams.get('token');
      expect((await ask('POST', `${local}/update-password/revoke`, { token })).status).toBe(200);
    }
    const locked = mailed();
    await run('Give a locked account back');
    for (const place of emails.keys()) {
      const { to, text } = await mailbox.mail(locked + place);
      expect(emails).toContain(to?.[0]?.address);
      const link = linkIn(text);
      expect(link.searchParams.get('type')).toBe('recover');
      const token = link.searchParams.get('token');
      const back = { token, password: 'a new beginning' };
      expect((await ask('POST', `${local}/recover/confirm`, back)).status).toBe(200);
    }
    for (const id of ids) {
      expect(await typesOf(id)).toContain('rekey:UserRecover');
      const { data } = (await ask('GET', `/v1/user/${id}`)).body;
      expect(data).toMatchObject({ is_locked: false, is_enabled: true });
    }

    expect(await run('Export')).toContain(emails[1]);
    const exported = await runCommands(folder, 'cat export.json');
    expect(JSON.parse(exported.stdout).user.email ?? '').toBe(emails[0]);

    await run('Delete');
    for (const id of ids) {
      expect((await ask('GET', `/v1/user/${id}`)).status).toBe(404);
      expect(await typesOf(id)).toContain('sso:UserDelete');
    }

    const administered = await run('Admins of the form dialect');
    expect(administered).toContain('"name":"Another name"');
    const gone = await form('/users/login', { email: variables.PERSON, password });
    expect(gone.status).toBe(401);
    const { user } = await made('user', 'show', variables.ADMIN_EMAIL);
    expect(user.roles).toEqual(['user']);

    const unrun = [...left].filter(([, blocks]) => blocks.length > 0).map(([heading]) => heading);
    expect(unrun).toEqual([]);
  },
);
