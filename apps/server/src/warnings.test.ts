import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from './config.ts';
import { envFileWarnings, mailFolderWarning, warningsOf } from './warnings.ts';

const warned = (env: NodeJS.ProcessEnv) => warningsOf(readConfig(env), env);

const good = {
  HOST: '0.0.0.0',
  PUBLIC_URL: 'https://id.example.com',
  SMTP_URL: 'smtp://mail.example.com',
  MAIL_FROM: 'Rekey <no-reply@example.com>',
  TRUST_PROXY: '10.0.0.2',
};

describe('a warning', () => {
  test('is given neither of a first start on one machine nor of a whole configuration', () => {
    expect(warned({})).toEqual([]);
    expect(warned(good)).toEqual([]);
    expect(warned({ ...good, HOST: '127.0.0.1' })).toEqual([]);
  });

  test.each([
    [{ PUBLIC_URL: '' }, 'PUBLIC_URL'],
    [{ PUBLIC_URL: '', HOST: '127.0.0.1' }, 'PUBLIC_URL'],
    [{ PUBLIC_URL: 'http://127.0.0.1:8042', SMTP_URL: '' }, 'PUBLIC_URL'],
    [{ PUBLIC_URL: 'http://[::1]' }, 'PUBLIC_URL'],
    [{ PUBLIC_URL: 'http://id.example.com' }, 'PUBLIC_URL'],
    [{ MAIL_FROM: '' }, 'MAIL_FROM'],
    [{ MAIL_FROM: 'a@localhost' }, 'MAIL_FROM'],
    [{ TRUST_PROXY: '' }, 'TRUST_PROXY'],
  ])('names what is misleading: %j', (change, name) => {
    expect(warned({ ...good, ...change })).toEqual([
      expect.stringMatching(new RegExp(`^${name} `)),
    ]);
  });

  const database = 'DATABASE_URL has no sslmode: all data crosses the network in clear text';
  test.each<[string, string[]]>([
    ['postgres://db.example/rekey', [database]],
    ['postgres://db.example/rekey?sslmode=disable', []],
    ['postgres://127.0.0.1/rekey', []],
    ['postgres:///rekey?host=/run/postgresql', []],
  ])('names clear text that nobody chose: %s', (url, warnings) => {
    expect(warned({ ...good, DATABASE_URL: url })).toEqual(warnings);
  });

  test('names a breach list that is asked in clear text', () => {
    expect(warned({ ...good, HIBP_URL: 'http://mirror.example.com' })).toEqual([
      expect.stringMatching(/^HIBP_URL is not https/),
    ]);
    expect(warned({ ...good, HIBP_URL: 'http://127.0.0.1:1' })).toEqual([]);
  });

  test.each([
    ['SMPT_URL', 'SMTP_URL'],
    ['SMTP_URI', 'SMTP_URL'],
    ['smtp_url', 'SMTP_URL'],
    ['SMTPURL', 'SMTP_URL'],
    ['REKEY_SMTP_URL', 'SMTP_URL'],
    ['DATABASE_URL_FIL', 'DATABASE_URL_FILE'],
    ['PUBLIC_ULR', 'PUBLIC_URL'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['port', 'PORT'],
    ['MAIL_FORM', 'MAIL_FROM'],
    ['BCRYPT_COSTS', 'BCRYPT_COST'],
    ['TRUSTED_PROXIES', 'TRUST_PROXY'],
    ['TRUST_PROXIES', 'TRUST_PROXY'],
    ['PUBLIC_URL_FILE', 'PUBLIC_URL'],
    ['METRICS_PORT_FILE', 'METRICS_PORT'],
  ])('of %s names %s', (wrong, right) => {
    expect(warned({ ...good, [wrong]: 'x' })).toEqual([
      `${wrong} is not known to Rekey: ${right} is`,
    ]);
  });

  test('is given of no variable that other programs have', () => {
    const others =
      'PATH HOME HOSTNAME USER SHELL TERM LANG PWD OLDPWD MAIL TMPDIR EDITOR TZ SHLVL LOGNAME NODE_ENV NODE_OPTIONS PORTS POSTGRES_PASSWORD PGHOST PGPORT HTTP_PROXY NO_PROXY NO_COLOR CI KUBERNETES_PORT XDG_DATA_DIR SSH_TTY';
    const env = Object.fromEntries(others.split(' ').map((name) => [name, 'x']));
    expect(warned({ ...good, ...env, REKEY_PORT: 'tcp://10.0.0.1:80' })).toEqual([]);
  });
});

test('a file .env with secrets is for its owner alone', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-warn-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, '.env');
  expect(envFileWarnings(file)).toEqual([]);
  writeFileSync(file, 'PORT=80\n', { mode: 0o644 });
  expect(envFileWarnings(file)).toEqual([]);
  writeFileSync(file, 'SMTP_URL=smtp://user:pass@mail.example.com\n');
  expect(envFileWarnings(file)).toEqual([expect.stringMatching(/chmod 600 \.env$/)]);
  chmodSync(file, 0o640);
  expect(envFileWarnings(file)).toEqual([]);
});

test('a file .env is warned of where it is not taken as it was perhaps meant', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-warn-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, '.env');
  writeFileSync(
    file,
    'SMTP_HOST=a\nSMPT_URL=b\nPGUSER=c\nPOSTGRES_PASSWORD=d\nBRAND_NAME=m$x\nJWT_SECRET=e\n',
    { mode: 0o600 },
  );
  expect(envFileWarnings(file)).toEqual([
    expect.stringMatching(/^the file \.env, line 5: BRAND_NAME has a \$/),
    'the file .env has names that Rekey does not know: SMTP_HOST, JWT_SECRET',
  ]);
});

test('mails that become files are warned of, and more so where they cannot', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rekey-warn-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'file'), '');
  const of = (env: NodeJS.ProcessEnv) => mailFolderWarning(readConfig(env));
  expect(of(good)).toBeNull();
  const dir = path.join(folder, 'a/b');
  expect(of({ MAIL_DIR: dir })).toBe(`SMTP_URL is not set: mails become files in ${dir}`);
  expect(of({ MAIL_DIR: path.join(folder, 'file/mail') })).toMatch(/MAIL_DIR cannot be written$/);
});
