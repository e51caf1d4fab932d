import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startMailbox } from '../harness.ts';
import { aTarget, attack, NEW_PASSWORD, PASSWORD, type Target, UPDATE } from './target.ts';

/** Texts that a mail program might turn into something to press. */
const LINKS =
  /https?:|www\.|ftp:|mailto:|tel:|javascript:|data:|\/\/|\b[\w-]+\.(?:example|com|evil|test|zip)\b/gi;

/** The text that the owner sees, without the one link that belongs there and without the owner's address. */
function rest(text: string, link: string, email: string): string {
  return text.replaceAll(link, '').replaceAll(email, '');
}

/** What the owner sees of the HTML, without where the button leads: the mail says that once, in words of its own. */
function seen(html: string, link: string, email: string): string {
  const visible = html.replaceAll(/<[^>]*>/g, ' ').replaceAll('&amp;', '&');
  const leads = `The button opens a page of ${new URL(link).host}.`;
  expect(visible).toContain(leads);
  return rest(visible.replace(leads, ''), link, email);
}

const linksOf = (html: string) =>
  [...html.matchAll(/\b(?:href|src|action|background|formaction)\s*=\s*["']?([^"'\s>]*)/gi)].map(
    ([, url]) => url?.replaceAll('&amp;', '&'),
  );

async function theMailAfter(t: Target, details: object, headers: Record<string, string> = {}) {
  const owner = await t.enrol({ ...details });
  const change = { email: owner.email, password: PASSWORD, new_password: NEW_PASSWORD };
  const changed = await t.json('POST', UPDATE, change, { headers });
  expect(changed).toMatchObject({ status: 200 });
  const mails = await t.mailsTo(owner.email);
  expect(mails).toHaveLength(1);
  const [mail] = mails;
  if (!mail?.text || !mail.html) throw new Error('no text, or no HTML');
  const [link = ''] = /https?:\/\/\S+token=\S+/.exec(mail.text) ?? [];
  return { owner, mail, text: mail.text, html: mail.html, link };
}

const hostile = [
  ['a link', 'Pay at https://evil.example/now'],
  ['a link without a scheme', 'www.evil.example'],
  ['a bare host', 'evil.example'],
  ['a host in other dots', 'evil。example evil．example evil｡example'],
  ['markup', '<a href="https://evil.example">Click here</a>'],
  ['an image', '<img src=//evil.example/x.png onerror=alert(1)>'],
  ['a way out of an attribute', `"><script src=//evil.example></script>`],
  ['Markdown', '[Click](https://evil.example) ![x](//evil.example)'],
  ['another scheme', 'javascript:alert(1) data:text/html,x mailto:eve@evil.example'],
  ['an address', 'eve@evil.example'],
  ['a telephone number', 'call +1 (555) 010-9999 now'],
  ['entities', '&#104;ttps&#58;//evil&#46;example &lt;a&gt;'],
  ['a template', '{{7*7}} <%= 7*7 %> #{7*7} %n%s'],
  ['the host that the button leads to', 'shop.example'],
  ['another link of ours', 'http://rekey.test/local?token=rkl_x'],
] as const;

attack('a mail', (target) => {
  test.each(hostile)('makes no link of a name that is %s', async (_what, name) => {
    const { owner, mail, text, html, link } = await theMailAfter(target(), { name });
    expect(link).toMatch(/^https:\/\/shop\.example\/account\?type=update_password&email=/);
    expect(rest(text, link, owner.email).match(LINKS)).toBe(null);
    expect(new Set(linksOf(html))).toEqual(new Set([link]));
    expect(seen(html, link, owner.email).match(LINKS)).toBe(null);
    expect(html).not.toMatch(/<(?:script|img|iframe|form|object|svg|base|meta[^>]*refresh)/i);
    expect(mail.raw).not.toMatch(/evil\.example/i);
  });

  test.each(hostile)('makes no link of a client that is %s', async (_what, client) => {
    // As bytes: a header holds no characters beyond them.
    const agent = Buffer.from(client).toString('latin1');
    const { owner, text, html, link } = await theMailAfter(target(), {}, { 'user-agent': agent });
    expect(rest(text, link, owner.email).match(LINKS)).toBe(null);
    expect(new Set(linksOf(html))).toEqual(new Set([link]));
    expect(seen(html, link, owner.email).match(LINKS)).toBe(null);
    expect(html).not.toMatch(/<(?:script|img|iframe|form|object|svg|base)/i);
  });

  test.each([
    ['Host', { host: 'evil.example' }],
    ['X-Forwarded-Host', { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }],
    ['Forwarded', { forwarded: 'host=evil.example;proto=https;for=203.0.113.9' }],
    ['Origin and Referer', { origin: 'https://evil.example', referer: 'https://evil.example/' }],
    ['X-Original-URL', { 'x-original-url': '/evil', 'x-rewrite-url': '/evil' }],
    ['X-Forwarded-For', { 'x-forwarded-for': 'evil.example, <b>evil.example</b>' }],
  ])('points where the operator said, whatever %s says', async (_what, headers) => {
    const t = target();
    const { mail, link } = await theMailAfter(t, {}, headers);
    expect(link.startsWith('https://shop.example/account?')).toBe(true);
    expect(mail.raw).not.toContain('evil');
    // The hosted page is where PUBLIC_URL says.
    const user = await t.signUp();
    const bearer = await t.formLogIn(user);
    const fields = { email: user.email, password: PASSWORD, newPassword: NEW_PASSWORD };
    // A form that comes from another site is refused.
    const { origin: _, ...others }: Record<string, string> = headers;
    const changed = await t.form('PUT', '/users/update/password', fields, bearer, {
      headers: others,
    });
    expect(changed).toMatchObject({ status: 200 });
    // The other one asks for a proof of the address.
    const mails = await t.mailsTo(user.email);
    const hosted = mails.find(({ text }) => text?.includes('type=update_password'));
    expect(hosted?.text).toContain('http://rekey.test/local?type=update_password&email=');
    expect(hosted?.raw).not.toContain('evil');
  });

  test('has no word of a stranger in its headers, and no other header, recipient or secret for one', async () => {
    const t = target();
    const name = 'Ada, "Eve" <eve@evil.example>; =?utf-8?q?=0D=0ABcc:_eve@evil.example?=';
    const { owner, mail } = await theMailAfter(t, { name });
    const [head = ''] = mail.raw.split('\r\n\r\n');
    expect(head).not.toMatch(/Ada|Eve|evil|=\?/);
    const names = head
      .split('\r\n')
      .filter((line) => /^\S/.test(line))
      .map((line) => line.split(':')[0]?.toLowerCase());
    expect(names.sort()).toEqual([
      'auto-submitted',
      'content-type',
      'date',
      'from',
      'message-id',
      'mime-version',
      'subject',
      'to',
      'x-auto-response-suppress',
    ]);
    expect(mail.to).toEqual([{ name: '', address: owner.email }]);
    expect([mail.cc, mail.bcc, mail.replyTo]).toEqual([undefined, undefined, undefined]);
    for (const secret of [PASSWORD, NEW_PASSWORD, owner.keyValue, t.shop.key, owner.id]) {
      expect(`${mail.raw}\n${mail.text}\n${mail.html}`).not.toContain(secret);
    }
  });

  test('to an account that somebody made alone is one of ten to its mailbox, and then the change is refused', async () => {
    const t = target();
    const [name] = t.newEmail().split('@');
    const change = async (email: string) => {
      const account = { email, password: PASSWORD };
      const made = await t.form('POST', '/users/create', { name: 'Eve', ...account });
      expect(made).toMatchObject({ status: 200 });
      const bearer = await t.formLogIn(account);
      const fields = { ...account, newPassword: NEW_PASSWORD };
      return t.form('PUT', '/users/update/password', fields, bearer);
    };
    // One asks for a proof of the address, the other tells of the change.
    for (let n = 0; n < 5; n += 1) {
      const email = `${name}+${n}@gmail.com`;
      expect(await change(email)).toMatchObject({ status: 200 });
      expect(await t.mailsTo(email)).toHaveLength(2);
    }
    const last = `${name}@gmail.com`;
    const refused = await change(last);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(await t.mailsTo(last)).toEqual([]);
    await t.formLogIn({ email: last, password: PASSWORD });

    // Its word for the address is good.
    const owner = await t.enrol({ email: `${name}+shop@gmail.com` });
    expect(await t.changePassword(owner)).toMatchObject({ status: 200 });
    expect(await t.mailsTo(owner.email)).toHaveLength(1);
  });

  test('goes to the address that the account had, and not to one that was set later', async () => {
    const t = target();
    const owner = await t.enrol();
    await t.changePassword(owner);
    await t.database.run(`update users set email = 'eve@evil.example' where id = '${owner.id}'`);
    expect(await t.mailsTo(owner.email)).toHaveLength(1);
    expect(await t.mailsTo('eve@evil.example')).toHaveLength(0);
  });

  test('is never sent to what an attacker wrote into the database', async () => {
    const t = target();
    const owner = await t.enrol();
    await t.changePassword(owner);
    const before = readdirSync(path.dirname(t.config.mailDir)).includes('mail')
      ? readdirSync(t.config.mailDir).length
      : 0;
    const address = `${owner.email},eve@evil.example`;
    await t.database.run(
      `update deliveries set recipient = '${address}' where user_id = '${owner.id}'`,
    );
    await t.deliver();
    expect(readdirSync(t.config.mailDir)).toHaveLength(before);
    const { deliveries = [] } = await t.database.tables();
    const dead = deliveries.filter((row) => row.dead_at !== null);
    expect(dead).toHaveLength(1);
    expect(dead[0]?.reason).not.toContain('evil');
  });
});

test.each([
  ['plain', 'ada@example.com'],
  ['with every mark that is allowed', `a!#$%&'*+/=?^_\`{|}~-b@example.com`],
  ['in another script', 'юзер@example.com'],
  ['that looks like an option', '-oQ/tmp@example.com'],
])('a mail names one recipient on the wire, for an address that is %s', async (_what, email) => {
  const mailbox = await startMailbox();
  const t = await aTarget({ SMTP_URL: mailbox.url });
  onTestFinished(t.close);
  const name = 'Eve <eve@evil.example>, eve@evil.example';
  const owner = await t.enrol({ email, name });
  await t.changePassword(owner);
  await t.deliver();
  const mail = await mailbox.mail(0);
  expect(mail.recipients).toEqual([owner.email]);
  expect(mail.to?.map(({ address }) => address)).toEqual([owner.email]);
  expect(mailbox.mails).toHaveLength(1);
});

test('the name of an .eml file tells nothing of the mail', async () => {
  const t = await aTarget();
  onTestFinished(t.close);
  const owner = await t.enrol({ email: 'very.special@example.com' });
  await t.changePassword(owner);
  const token = await t.linkTokenOf(owner.email);
  const [file = ''] = readdirSync(t.config.mailDir);
  expect(file).not.toMatch(/special|rkl_/);
  expect(file).not.toContain(token.split('.')[3]);
  expect(readFileSync(path.join(t.config.mailDir, file), 'latin1')).toContain('Message-ID');
});
