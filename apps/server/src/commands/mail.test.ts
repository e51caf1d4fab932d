import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import PostalMime from 'postal-mime';
import { expect, onTestFinished, test, vi } from 'vitest';
import { compose } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { addDoctor } from './doctor.ts';
import { addMail } from './mail.ts';

const mail = (...args: string[]) => run(addMail, ['mail', ...args]);

/** What a command prints. */
async function run(add: (program: Command) => void, args: string[]): Promise<string> {
  let output = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    output += chunk.toString();
    return true;
  });
  const program = new Command().exitOverride();
  add(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return output;
}

function aFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-mail-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'templates');
}

test('a preview is the mail that would be sent, in that language and time zone, with a dead link', async () => {
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
  ['--locale', 'no_locale'],
])('a preview that is asked for with %s %s is refused', async (...options) => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(mail('preview', ...options)).rejects.toMatchObject({ exitCode: 1 });
});

test('the templates that Rekey brings along can be written out, changed and sent', async () => {
  const folder = aFolder();
  await mail('templates', folder);
  expect(readdirSync(folder)).toHaveLength(15);
  vi.stubEnv('MAIL_TEMPLATES', folder);
  writeFileSync(path.join(folder, 'en.subject.txt'), 'Look here, {{service}}!\n');
  expect(await mail('preview')).toMatch(/^Look here, Shop!\n\nThe password of your account/);
  await expect(mail('templates', folder)).rejects.toThrow('is there already');
});

test('a template that is not right has no preview, keeps Rekey from starting, and is seen by the doctor', async () => {
  const folder = aFolder();
  await mail('templates', folder);
  vi.stubEnv('MAIL_TEMPLATES', folder);
  vi.stubEnv('KEYS_FILE', path.join(folder, 'keys.json'));
  vi.stubEnv('DATABASE_URL', `sqlite:${path.join(folder, 'rekey.db')}`);
  writeFileSync(path.join(folder, 'ja.txt'), '\n{{links}}');
  const fault = `${path.join(folder, 'ja.txt')}:2 has {{links}}, which is not known;`;
  await expect(mail('preview')).rejects.toThrow(fault);
  await expect(compose(loadConfig())).rejects.toThrow(fault);
  expect(readdirSync(folder)).toHaveLength(15);

  const { ok, checks } = JSON.parse(await run(addDoctor, ['doctor', '--json']));
  expect(ok).toBe(false);
  expect(process.exitCode).toBe(1);
  process.exitCode = undefined;
  expect(checks).toContainEqual({
    name: 'templates',
    status: 'FAIL',
    detail: expect.stringContaining(fault),
  });
});
