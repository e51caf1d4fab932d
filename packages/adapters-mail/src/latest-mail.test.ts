import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { aNotice, from } from '../test/notice.ts';
import { fileOutlet } from './file.ts';
import { latestMail } from './latest-mail.ts';

function aFolder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'rekey-latest-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

/** A mail in a folder that was written at that second. */
async function written(dir: string, id: string, second: number, unusual = {}): Promise<void> {
  await fileOutlet({ dir, from }).send(aNotice({ id, ...unusual }));
  utimesSync(path.join(dir, `${id}.eml`), second, second);
}

const idOf = (end: number) => `019a0000-0000-7000-8000-00000000000${end}`;

test('the latest mail is readable: sender, recipient, date, subject and text', async () => {
  const dir = aFolder();
  const notice = aNotice({ locale: 'ja' });
  await fileOutlet({ dir, from }).send(notice);
  const mail = await latestMail(dir);
  expect(mail).toMatchObject({
    file: path.join(dir, `${notice.id}.eml`),
    from: 'Rekey <no-reply@rekey.example.com>',
    to: 'ada@example.com',
    date: '2026-01-31T23:30:00.000Z',
    subject: expect.stringContaining('Notes'),
    text: expect.stringContaining('203.0.113.9'),
  });
  expect(mail?.text).toMatch(/\S$/);
});

test('the link of the latest mail is whole, whatever other links its text has', async () => {
  const dir = aFolder();
  const service = { name: 'Notes', emailText: 'See https://notes.example.com/help?a=b' };
  const page = 'https://notes.example.com/account?tab=%F0%9F%A6%89&b=c=d';
  const link = `${page}&type=update_password&email=ada%40example.com&token=${'aZ09-_'.repeat(30)}#top`;
  const notice = aNotice({ service, link });
  await fileOutlet({ dir, from }).send(notice);
  expect((await latestMail(dir))?.link).toBe(link);
});

test('the link of the latest mail may be one for an address, as clients of the form dialect know it', async () => {
  const dir = aFolder();
  const link = 'https://id.example.com/users/validateEmail?code=rkl_1&email=ada%40example.com';
  await fileOutlet({ dir, from }).send(aNotice({ kind: 'validate_email', link }));
  expect((await latestMail(dir))?.link).toBe(link);
});

test('the mail that was written last is the latest, and the last id of several', async () => {
  const dir = aFolder();
  await written(dir, idOf(3), 1000);
  await written(dir, idOf(1), 2000);
  expect((await latestMail(dir))?.file).toBe(path.join(dir, `${idOf(1)}.eml`));
  await written(dir, idOf(2), 2000);
  writeFileSync(path.join(dir, 'note.txt'), 'not a mail');
  expect((await latestMail(dir))?.file).toBe(path.join(dir, `${idOf(2)}.eml`));
});

test('there is no latest mail in a folder that is empty or missing', async () => {
  const dir = aFolder();
  expect(await latestMail(dir)).toBeNull();
  expect(await latestMail(path.join(dir, 'none'))).toBeNull();
});

test('a mail without a link has none', async () => {
  const dir = aFolder();
  writeFileSync(path.join(dir, 'a.eml'), 'Subject: Hello\r\n\r\nSee https://example.com/.\r\n');
  expect(await latestMail(dir)).toMatchObject({ subject: 'Hello', from: '', to: '', link: null });
});
