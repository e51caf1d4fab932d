import {
  formServiceId,
  isLockKind,
  type OneTimeToken,
  type Purpose,
  purposes,
} from '@rekey/domain';
import { aOneTimeToken, START } from '@rekey/usecases/testing';
import { commonWords, grantNotices, languages, lockNotices, newsNotices } from '@rekey/wording';
import { describe, expect, it } from 'vitest';
import { PASSWORD, type Rig, rig, signedUp } from '../../test/harness.ts';
import { texts } from './texts/index.ts';

const NEW_PASSWORD = 'battery staple seven';
const EMAIL = 'orion@example.com';

/** A user of the form dialect, and a link for any purpose. */
async function aLink(purpose: Purpose, more: Partial<OneTimeToken> = {}, server?: Rig) {
  const rigged = server ?? (await rig());
  const { user } = await signedUp(rigged);
  const userId: string = user.hash;
  const account = await rigged.database.read(({ users }) => users.findByEmail(EMAIL));
  const token = aOneTimeToken({
    purpose,
    userId,
    serviceId: formServiceId,
    email: EMAIL,
    version: account?.credential.version ?? 0,
    ...more,
  });
  await rigged.database.transact(({ oneTimeTokens }) => oneTimeTokens.insert(token));
  return { server: rigged, userId, token: rigged.ports.linkTokens.make(token) };
}

const open = ({ app }: Rig, token: string, type: Purpose = 'update_password') =>
  app.inject({ url: `/local?${new URLSearchParams({ type, token })}` });
const press = ({ form }: Rig, fields: Record<string, string>) => form('POST', '/local', fields);
const login = async ({ form }: Rig, password: string) =>
  (await form('POST', '/users/login', { email: EMAIL, password })).statusCode;
const heading = ({ body }: { readonly body: string }) => /<h1[^>]*>(.*?)<\/h1>/.exec(body)?.[1];

describe.each(purposes)('the link for %s', (purpose) => {
  it('has a page, which changes nothing', async () => {
    const { server, token } = await aLink(purpose);
    const before = server.commits();
    const page = await open(server, token, purpose);
    expect(page.statusCode).toBe(purpose === 'recover' ? 400 : 200);
    expect(server.commits()).toBe(before);
    expect(await login(server, PASSWORD)).toBe(200);
  });
});

describe.each(purposes.filter(isLockKind))('the link for %s', (purpose) => {
  it('locks the account when its button is pressed, and says so once more when it is opened again', async () => {
    const { server, token } = await aLink(purpose);
    const page = await open(server, token, purpose);
    expect(heading(page)).toBe('Was this you?');
    expect(page.body).toContain(lockNotices[purpose].en.happened('Rekey'));
    expect(page.body).toContain(`<button class="danger" type="submit">${commonWords.en.button}`);
    const locked = await press(server, { token });
    expect([locked.statusCode, heading(locked)]).toEqual([200, 'Your account is locked']);
    expect(locked.body).toContain(lockNotices[purpose].en.report('Rekey'));
    expect(await login(server, PASSWORD)).toBe(401);

    server.clock.set(START + 3_600_000);
    for (const again of [await open(server, token, purpose), await press(server, { token })]) {
      expect([again.statusCode, heading(again)]).toEqual([400, 'Your account is locked']);
      expect(again.body).toContain('It has been locked since January 2, 2026 at 3:04:05 AM');
    }
  });
});

describe('the page about a key', () => {
  it('names it, and says when it expires', async () => {
    const key = { name: '<i>reports', prefix: 'AbCd-_12', expiresAt: START + 86_400_000 };
    const { server, token } = await aLink('factor_change', { details: { key } });
    const { body } = await open(server, token, 'factor_change');
    expect(body).toContain('<dt>Key</dt><dd>i reports (rku_AbCd-_12…)</dd>');
    expect(body).toContain('<dt>Expires</dt><dd>January 3, 2026 at 3:04:05 AM');
  });

  it('says nothing of an expiry where there is none', async () => {
    const key = { name: 'cron', prefix: null, expiresAt: null };
    const { server, token } = await aLink('factor_change', { details: { key } });
    const { body } = await open(server, token, 'factor_change');
    expect(body).toContain('<dt>Key</dt><dd>cron</dd>');
    expect(body).not.toContain('<dt>Expires</dt>');
  });
});

describe('the page about a new address', () => {
  it('names the new one in part, and says that the old one comes back', async () => {
    const details = { newEmail: 'thief@evil.example' };
    const { server, token } = await aLink('update_email', { details });
    const { body } = await open(server, token, 'update_email');
    expect(body).toContain('<dt>New e-mail address</dt><dd>t***@evil.example</dd>');
    expect(body).not.toContain('thief@');
    expect(body).toContain(`<li>${lockNotices.update_email.en.besides}</li>`);
  });
});

describe.each(['reset_password', 'invite'] as const)('the link for %s', (purpose) => {
  it('asks for a password, and sets it', async () => {
    const { server, token } = await aLink(purpose);
    const page = await open(server, token, purpose);
    expect(heading(page)).toBe(grantNotices[purpose].en.subject('Rekey'));
    expect(page.body).toContain('autocomplete="new-password"');
    expect(page.body).toContain('At least 8 characters.');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    const done = await press(server, { token, password: NEW_PASSWORD });
    expect([done.statusCode, heading(done)]).toEqual([200, texts.en.grant[purpose].done]);
    expect(done.headers['set-cookie']).toMatch(/^rekey-link=; Max-Age=0/);
    expect([await login(server, PASSWORD), await login(server, NEW_PASSWORD)]).toEqual([401, 200]);

    const again = await press(server, { token, password: PASSWORD });
    expect([again.statusCode, heading(again)]).toEqual([400, 'This link was used already']);
    expect(await login(server, NEW_PASSWORD)).toBe(200);
  });

  it.each([
    ['none', {}, 'Please fill this in.'],
    ['an empty one', { password: '' }, 'Please fill this in.'],
    ['a short one', { password: 'short' }, 'Please use at least 8 characters.'],
    ['one of before', { password: PASSWORD }, 'This is your current password.'],
  ])('says beside the field why %s is refused, and stays good', async (_what, given, fault) => {
    const { server, token } = await aLink(purpose);
    const refused = await press(server, { token, ...given });
    expect(refused.statusCode).toBe(400);
    expect(refused.body).toContain(`<p id="password-fault" class="fault">${fault}`);
    expect(refused.body).toContain('aria-invalid="true"');
    expect(refused.body).not.toContain('short"');
    expect((await press(server, { token, password: NEW_PASSWORD })).statusCode).toBe(200);
  });

  it('has no page once the password was changed', async () => {
    const { server, token } = await aLink(purpose, { version: 99 });
    const page = await open(server, token, purpose);
    expect([page.statusCode, heading(page)]).toEqual([400, 'This link no longer works']);
  });
});

describe('the link for an address', () => {
  it('says which account it is about, and has two buttons: one of them locks the account', async () => {
    const { server, token } = await aLink('validate_email');
    const page = await open(server, token, 'validate_email');
    expect(page.body.match(/<button.*?<\/button>/g)).toEqual([
      `<button type="submit">${grantNotices.validate_email.en.button}</button>`,
      `<button class="danger" type="submit">${grantNotices.validate_email.en.refuse}</button>`,
    ]);
    expect(page.body).toContain(`<dt>Account</dt><dd>${EMAIL}</dd>`);
    const locked = await press(server, { token, act: 'lock' });
    expect([locked.statusCode, heading(locked)]).toEqual([200, 'Your account is locked']);
    expect(await login(server, PASSWORD)).toBe(401);
  });
});

describe('the link of a registration', () => {
  /** Somebody asked to register at a service, whose pages Rekey hosts. */
  async function asked(server: Rig, email: string): Promise<string> {
    const details = { name: 'Ada', locale: 'de', timezone: 'Europe/Berlin' };
    const of = { purpose: 'register', serviceId: server.service.id, email, details } as const;
    const token = { ...aOneTimeToken({ ...of, userId: '' }), userId: null };
    await server.database.transact(({ oneTimeTokens }) => oneTimeTokens.insert(token));
    return server.ports.linkTokens.make(token);
  }

  async function registering(email: string) {
    const server = await rig({ providerLocalUrl: null });
    const headers = { authorization: server.rootKey };
    const url = `/v1/service/${server.service.id}`;
    await server.json('PATCH', url, { user_allow_register: true }, { headers });
    return { server, ask: () => asked(server, email) };
  }

  it('asks for a password in the language of the registration, and makes the account', async () => {
    const { server, ask } = await registering('ada@example.com');
    const token = await ask();
    const page = await open(server, token, 'register');
    expect(heading(page)).toBe(grantNotices.register.de.subject('Shop'));
    const done = await press(server, { token, password: NEW_PASSWORD });
    expect([done.statusCode, heading(done)]).toEqual([200, texts.de.grant.register.done]);
    const login = { email: 'ada@example.com', password: NEW_PASSWORD };
    const answer = await server.json('POST', '/v1/auth/provider/local/login', login);
    expect(answer.statusCode).toBe(200);
  });

  it('asks for none where the address has an account that its owner proved, in the language of that', async () => {
    const { server, ask } = await registering(EMAIL);
    const { token: proof } = await aLink('validate_email', {}, server);
    await press(server, { token: proof });
    await server.mailedTokens();
    const token = await ask();
    const page = await open(server, token, 'register');
    expect(heading(page)).toBe(grantNotices.register_known.en.subject('Shop'));
    expect(page.body).not.toContain('password"');
    const done = await press(server, { token });
    expect([done.statusCode, heading(done)]).toEqual([200, texts.en.grant.register_known.done]);
    // Nothing is mailed about it, and the page did not promise that.
    expect(page.body).not.toContain('A mail tells you');
    expect(await server.mailedTokens()).toEqual([]);
    const login = { email: EMAIL, password: PASSWORD };
    const answer = await server.json('POST', '/v1/auth/provider/local/login', login);
    expect(answer.statusCode).toBe(200);
  });
});

describe('the link for an address that is confirmed', () => {
  it('proves the address, as often as its button is pressed', async () => {
    const { server, token, userId } = await aLink('validate_email');
    for (let time = 0; time < 2; time += 1) {
      const done = await press(server, { token });
      expect([done.statusCode, heading(done)]).toEqual([200, 'Your address is confirmed']);
      const user = await server.database.read(({ users }) => users.get(userId));
      expect(user).toMatchObject({ emailValid: true, emailProven: true });
    }
    expect(await login(server, PASSWORD)).toBe(200);
  });
});

describe('the link about a key that expires', () => {
  it('has nothing to press, and does nothing', async () => {
    const { server, token } = await aLink('key_expiring');
    const page = await open(server, token, 'key_expiring');
    expect(heading(page)).toBe(newsNotices.key_expiring.en.subject('Rekey'));
    expect(page.body).not.toMatch(/<form|<button/);
    expect((await press(server, { token })).statusCode).toBe(400);
    expect(await login(server, PASSWORD)).toBe(200);
  });
});

describe('the way back', () => {
  const recovering = () => rig({ settings: { usersRecovery: 'owner' } });

  it('begins on the page that locked the account, and ends on that of the link that is mailed', async () => {
    const server = await recovering();
    const { token } = await aLink('update_password', {}, server);
    // Its owner needs nobody for the way back, and no page says otherwise.
    const before = await open(server, token);
    expect(before.body).toContain('until it is opened by a link that is mailed to you');
    const locked = await press(server, { token });
    expect(locked.body).toContain('<form method="post" action="local/recover">');
    await server.mailedTokens();
    const asked = await server.form('POST', '/local/recover', { token });
    expect([asked.statusCode, heading(asked)]).toEqual([200, 'A mail is on its way']);
    const [back = ''] = await server.mailedTokens();

    const page = await open(server, back, 'recover');
    expect(heading(page)).toBe('Open your account at Rekey again');
    const refused = await press(server, { token: back, password: PASSWORD });
    expect(refused.body).toContain('You had this password before.');
    const done = await press(server, { token: back, password: NEW_PASSWORD });
    expect(heading(done)).toBe('Your account is open again');
    expect(await login(server, NEW_PASSWORD)).toBe(200);
    const late = await server.form('POST', '/local/recover', { token });
    expect(late.statusCode).toBe(400);
    // The link that locked it was sent to somebody who never asked for one.
    const used = await open(server, token);
    expect(used.body).toContain(texts.en.used.open);
    expect(used.body).not.toContain(texts.en.used.again);
  });

  it('is offered on the page of a link that was used, while the account is locked', async () => {
    const server = await recovering();
    const { token } = await aLink('update_password', {}, server);
    await press(server, { token });
    const { body } = await open(server, token);
    expect(body).toContain(texts.en.locked.recover.button);
    expect(body).not.toContain('nothing left to do');
  });

  it('is the operator’s where the server says so', async () => {
    const server = await rig({ settings: { usersRecovery: 'operator' } });
    const { token } = await aLink('update_password', {}, server);
    expect((await press(server, { token })).body).not.toContain('local/recover');
    expect((await server.form('POST', '/local/recover', { token })).statusCode).toBe(400);
  });

  it('begins with no token that is made up', async () => {
    const server = await recovering();
    expect((await server.form('POST', '/local/recover', { token: 'made-up' })).statusCode).toBe(
      400,
    );
  });
});

describe('the place to ask', () => {
  const link = (url: string, text: string) => `<a href="${url}">${text}</a>`;

  it('is on every page', async () => {
    const server = await rig({
      settings: { supportUrl: 'mailto:help@example.com' },
      options: { supportUrl: 'mailto:help@example.com' },
    });
    const { token } = await aLink('update_password', {}, server);
    const pages = [await open(server, token), await press(server, { token })];
    pages.push(await open(server, token), await open(server, 'made-up'));
    pages.push(await server.app.inject({ url: '/' }));
    for (const { body } of pages) {
      expect(body).toContain(link('mailto:help@example.com', 'help@example.com'));
    }
  });
});

describe('the page for those who forgot their password', () => {
  const ask = ({ form }: Rig, email: string, headers = {}) =>
    form('POST', '/local/forgot-password', { email }, headers);

  it('mails a link, and answers alike where there is no account', async () => {
    const server = await rig();
    await signedUp(server);
    await server.mailedTokens();
    const answers = [await ask(server, EMAIL), await ask(server, 'nobody@example.com')];
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
    expect(heading(answers[0]!)).toBe('Please look into your mailbox');
    const [token = '', ...others] = await server.mailedTokens();
    expect(others).toEqual([]);
    expect((await press(server, { token, password: NEW_PASSWORD })).statusCode).toBe(200);
    expect(await login(server, NEW_PASSWORD)).toBe(200);
  });

  it('says that a text is no address, and does not send it back', async () => {
    const page = await ask(await rig(), 'a-secret-of-somebody');
    expect(page.statusCode).toBe(400);
    expect(page.body).not.toContain('a-secret');
    expect(page.body).toContain('id="email"');
    expect(page.body).toContain('Please check the e-mail address.');
  });

  it('starts nothing for another site', async () => {
    const server = await rig();
    await signedUp(server);
    await server.mailedTokens();
    expect((await ask(server, EMAIL, { origin: 'http://evil.example' })).statusCode).toBe(403);
    expect(await server.mailedTokens()).toEqual([]);
  });
});

describe('the page at the root', () => {
  it('says what this is, in every language, with links that work', async () => {
    const server = await rig({ options: { apiDocs: true, brandName: 'Orchard' } });
    for (const language of languages) {
      const page = await server.app.inject({ url: '/', headers: { 'accept-language': language } });
      expect(heading(page)).toBe(texts[language].start.title('Orchard'));
      const links = [...page.body.matchAll(/href="([^"]+)"/g)].map(([, url]) => `/${url}`);
      expect(links).toHaveLength(6);
      for (const url of links) expect((await server.app.inject({ url })).statusCode).toBe(200);
    }
  });

  it('has an icon, also where browsers look by themselves', async () => {
    const server = await rig({ options: { brandColor: '#0b5c46' } });
    const icon = await server.app.inject({ url: '/favicon.ico' });
    expect([icon.statusCode, icon.headers['content-type']]).toEqual([200, 'image/svg+xml']);
    expect(icon.body).toContain('fill="#0b5c46"');
  });
});
