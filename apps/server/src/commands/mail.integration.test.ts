import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasLink, noticeKinds } from '@rekey/domain';
import PostalMime from 'postal-mime';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { outputOf, run } from '../../test/run.ts';
import { compose } from '../compose.ts';
import { loadConfig } from '../config.ts';

const mail = (...args: string[]) => outputOf('mail', ...args);

function aFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-mail-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'templates');
}

test('a preview is the mail as it is sent, in that language and time zone, with a link that does not work', async () => {
  vi.stubEnv('PUBLIC_URL', 'https://id.example.com');
  const email = await PostalMime.parse(
    await mail('preview', '--eml', '--locale', 'de', '--timezone', 'Asia/Tokyo'),
  );
  expect(email.subject).toBe('Ihr Passwort bei Shop wurde geändert');
  expect(email.to?.[0]?.address).toBe('ada@example.com');
  for (const part of [email.text, email.html]) expect(part).toContain('Japanische Normalzeit');
  expect(email.text).toContain(
    'https://id.example.com/local?type=update_password&email=ada%40example.com&token=this-is-a-preview',
  );
});

test('each kind of mail has a preview of its own', async () => {
  const subjects = new Set<string>();
  for (const kind of noticeKinds) {
    const preview = JSON.parse(await mail('preview', kind, '--json'));
    subjects.add(preview.subject);
    const type = kind === 'register_known' ? 'register' : kind;
    expect(preview.text.includes(`local?type=${type}&email=`)).toBe(hasLink(kind));
  }
  expect(subjects.size).toBe(noticeKinds.length);
  expect(await mail('preview', 'update_email')).toContain('e***@example.net');
});

test.each([
  ['update_password', '8 January'],
  ['invite', '8 January'],
  ['recover', '2 January'],
  ['reset_password', '1 January 2026 at 01:00'],
  ['register', '1 January 2026 at 02:00'],
])('a preview says how long the link of its kind works: %s', async (kind, until) => {
  vi.stubEnv('REGISTER_TOKEN_TTL', '7200');
  vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 1));
  const preview = await mail('preview', kind, '--text', '--locale', 'en-GB');
  expect(preview).toContain(`The link works until ${until}`);
});

describe('a test mail', () => {
  test('is written to the folder of mails, and says that it is a test', async () => {
    const dir = path.join(aFolder(), 'mail');
    vi.stubEnv('MAIL_DIR', dir);
    vi.stubEnv('BRAND_NAME', 'Orchard');
    const said = await mail('send', '--test', 'Ada@Example.com', '--locale', 'de');
    const [name = ''] = readdirSync(dir);
    expect(said).toBe(
      `There is no SMTP_URL: the mail to ada@example.com is in ${path.join(dir, name)}\n`,
    );
    const { subject, text } = await PostalMime.parse(readFileSync(path.join(dir, name)));
    expect(subject).toBe('Ihr Passwort bei Orchard (TEST) wurde geändert');
    expect(text).toContain('This mail is a test');

    const { file, id, to } = JSON.parse(await mail('send', '--test', 'b@example.com', '--json'));
    expect([to, path.basename(file)]).toEqual(['b@example.com', `${id}.eml`]);
    expect(readdirSync(dir)).toHaveLength(2);
  });

  test('that does not go out ends the command with the reason', async () => {
    vi.stubEnv('SMTP_URL', 'smtp://127.0.0.1:1');
    await expect(mail('send', '--test', 'a@b.example')).rejects.toThrow(
      'no mail to a@b.example by 127.0.0.1:1: ECONNREFUSED',
    );
  });

  test.each([
    ['no address', ['--test', 'nobody']],
    ['none at all', []],
  ])('is not sent with %s', async (_what, args) => {
    const { error } = await run(['mail', 'send', ...args]);
    expect(error).toMatchObject({ name: 'CommanderError' });
  });
});

test('a preview shows subject and text, or one part, or all of it as JSON', async () => {
  const readable = await mail('preview');
  expect(readable).toMatch(/^Your password at Shop was changed\n\nThe password of your account/);
  expect(await mail('preview', '--html')).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(await mail('preview', '--text')).toMatch(/^The password of your account/);
  const { subject, text, html } = JSON.parse(await mail('preview', '--json'));
  expect(subject).toBe('Your password at Shop was changed');
  expect([text, html].join()).toContain('this-is-a-preview');
});

test.each([
  ['--html', '--eml'],
  ['--text', '--json'],
  ['--locale', 'not a locale'],
  ['no_kind', '--json'],
])('a preview with %s %s is refused', async (...args) => {
  const { error, stdout } = await run(['mail', 'preview', ...args]);
  expect(error).toMatchObject({ name: 'CommanderError', exitCode: 1 });
  expect(stdout).toBe('');
});

test('the templates that Rekey brings along can be written to a folder, changed and sent', async () => {
  const folder = aFolder();
  await mail('templates', folder);
  expect(readdirSync(folder)).toEqual([...noticeKinds].sort());
  expect(readdirSync(path.join(folder, 'factor_change'))).toHaveLength(15);
  vi.stubEnv('MAIL_TEMPLATES', folder);
  writeFileSync(path.join(folder, 'update_password/en.subject.txt'), 'Look here, {{service}}!\n');
  expect(await mail('preview')).toMatch(/^Look here, Shop!\n\nThe password of your account/);
  expect(await mail('preview', 'factor_change')).toMatch(
    /^The ways into your account at Shop changed/,
  );
  await expect(mail('templates', folder)).rejects.toThrow('is there already');
});

test('a faulty template has no preview, keeps Rekey from starting, and is reported by the doctor', async () => {
  const folder = aFolder();
  await mail('templates', folder);
  vi.stubEnv('MAIL_TEMPLATES', folder);
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  writeFileSync(path.join(folder, 'update_password/ja.txt'), '\n{{links}}');
  const fault = `${path.join(folder, 'update_password/ja.txt')}:2 has {{links}}, which is not known;`;
  await expect(mail('preview')).rejects.toThrow(fault);
  await expect(compose(loadConfig())).rejects.toThrow(fault);
  expect(readdirSync(folder)).toHaveLength(noticeKinds.length);

  const { ok, checks } = JSON.parse(await outputOf('doctor', '--json'));
  expect(ok).toBe(false);
  expect(process.exitCode).toBe(1);
  process.exitCode = undefined;
  expect(checks).toContainEqual({
    name: 'templates',
    status: 'FAIL',
    detail: expect.stringContaining(fault),
  });
});

describe('the latest mail', () => {
  const link = 'https://shop.example/account?type=update_password&email=a%40b.example&token=rkl_1';

  /** A folder of mails, with that one in it. */
  function mailsWith(text: string): string {
    const dir = path.join(aFolder(), 'mail');
    mkdirSync(dir, { recursive: true });
    const headers = ['From: Rekey <r@b.example>', 'To: Ada <a@b.example>', 'Subject: Changed'];
    const date = 'Date: Sat, 31 Jan 2026 23:30:00 +0000';
    writeFileSync(path.join(dir, 'a.eml'), [...headers, date, '', text].join('\r\n'));
    vi.stubEnv('MAIL_DIR', dir);
    return dir;
  }

  test('is shown as people read it', async () => {
    mailsWith(`It was you?\r\n\r\n${link}\r\n`);
    expect(await mail('last')).toBe(`From: Rekey <r@b.example>
To: Ada <a@b.example>
Date: 2026-01-31T23:30:00.000Z
Subject: Changed

It was you?

${link}
`);
  });

  test('is its link alone, where that is asked for', async () => {
    mailsWith(`See https://shop.example/help\r\n${link}\r\n`);
    expect(await mail('last', '--link')).toBe(`${link}\n`);
  });

  test('is one JSON object, where that is asked for', async () => {
    const dir = mailsWith(link);
    expect(JSON.parse(await mail('last', '--json'))).toEqual({
      file: path.join(dir, 'a.eml'),
      from: 'Rekey <r@b.example>',
      to: 'Ada <a@b.example>',
      date: '2026-01-31T23:30:00.000Z',
      subject: 'Changed',
      text: link,
      link,
    });
  });

  test('is missed with a reason where there is none', async () => {
    const dir = path.join(aFolder(), 'mail');
    vi.stubEnv('MAIL_DIR', dir);
    await expect(mail('last')).rejects.toThrow(`no mail is in ${dir} yet`);
    mailsWith('Hello');
    await expect(mail('last', '--link')).rejects.toThrow('a.eml has no link');
    vi.stubEnv('SMTP_URL', 'smtp://localhost');
    await expect(mail('last')).rejects.toThrow('SMTP_URL is set: mails are sent');
  });
});
