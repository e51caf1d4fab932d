import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseEnvFile, readEnvFile } from './env-file.ts';

const valuesOf = (text: string) => {
  const { values, problems } = parseEnvFile(text);
  expect(problems).toEqual([]);
  return Object.fromEntries(values);
};

describe('a file .env', () => {
  test.each([
    ['BRAND_COLOR=#b00020', { BRAND_COLOR: '#b00020' }],
    ['BRAND_COLOR="#b00020" # red', { BRAND_COLOR: '#b00020' }],
    ['SMTP_URL=smtp://u:pa#ss@h', { SMTP_URL: 'smtp://u:pa#ss@h' }],
    ['PORT=80 # of the proxy', { PORT: '80' }],
    ['PORT= # not set', { PORT: '' }],
    ['PORT=', { PORT: '' }],
    ['# PORT=80\n   # more', {}],
    ['\uFEFFPORT=80', { PORT: '80' }],
    ['PORT=80\r\nHOST=::1\r\n', { PORT: '80', HOST: '::1' }],
    ['export PORT=80', { PORT: '80' }],
    ['  PORT = 80  ', { PORT: '80' }],
    ['A=\'x # "y"\'', { A: 'x # "y"' }],
    ['A=`it\'s "so"`', { A: 'it\'s "so"' }],
    ['A="one\\ntwo"', { A: 'one\ntwo' }],
    ["A='one\\ntwo'", { A: 'one\\ntwo' }],
    ['A="one\ntwo"\nB=3', { A: 'one\ntwo', B: '3' }],
    ['MAIL_FROM=Rekey <a@b.example>', { MAIL_FROM: 'Rekey <a@b.example>' }],
    ['MAIL_FROM=Rekey "the" <a@b.example>', { MAIL_FROM: 'Rekey "the" <a@b.example>' }],
    ['A=pa$sword=', { A: 'pa$sword=' }],
    [`A='\${HOME}'`, { A: `\${HOME}` }],
  ])('%j says what its writer means', (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });

  test.each([
    ['PORT: secret', /line 1: must be NAME=VALUE/],
    ['secret', /line 1: must be NAME=VALUE/],
    ['\n\nset PORT=secret', /line 3: must be NAME=VALUE/],
    ['MAIL-DIR=secret', /line 1: must be NAME=VALUE/],
    ['A="secret', /line 1: A has a quote that does not end/],
    ['A="secret"more', /line 1: A goes on behind its quote/],
    ['A="se\\"cret"', /line 1: A has a backslash/],
    ['"Rekey" <a@b.example>', /line 1: must be NAME=VALUE/],
    ['MAIL_FROM="Rekey" <secret@b.example>', /line 1: MAIL_FROM goes on behind its quote/],
    ['PORT=1\nPORT=secret', /line 2: PORT is there already, in line 1/],
    [`A=\${SECRET}/secret`, /line 1: A names another variable/],
    [`A=\${SECRET:-secret}`, /line 1: A names another variable/],
    [`A="x\${SECRET-}secret"`, /line 1: A names another variable/],
    ['A=80\0secret', /line 1: A has a character/],
    ['A="\u001bsecret"', /line 1: A has a character/],
    ['A=$(cat secret)', /line 1: A names another variable or command/],
    ['A="smtp://secret:se\\$cret@h"', /line 1: A has a backslash/],
    ['A="C:\\secret"', /line 1: A has a backslash/],
    ['A=secret\\\nB=1', /line 1: A ends in a backslash/],
  ])('%j is refused by line and name, and not repeated', (text, problem) => {
    const { problems } = parseEnvFile(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
    expect(problems[0]).not.toMatch(/secret/i);
  });

  test.each([
    ['A=pa$sword=', 1],
    ['A="pa$sword"', 1],
    ["A='pa$sword'", 0],
    ['A=100$', 0],
    ['A=$', 0],
  ])('%j may mean something else to other programs, %i times', (text, count) => {
    const { values, problems, doubts } = parseEnvFile(text);
    expect([values.size, problems]).toEqual([1, []]);
    expect(doubts).toHaveLength(count);
    for (const doubt of doubts) expect(doubt).toMatch(/^the file \.env, line 1: A has a \$/);
    expect(doubts.join()).not.toContain('sword');
  });

  test('that is not there says nothing, and one that cannot be read is a problem', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'rekey-env-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, '.env');
    expect(readEnvFile(file)).toEqual({ values: new Map(), problems: [], doubts: [] });
    expect(readEnvFile(folder).problems).toEqual(['the file .env cannot be read (EISDIR)']);
    writeFileSync(file, 'PORT=80', 'utf16le');
    expect(readEnvFile(file).problems).toEqual([expect.stringMatching(/must be NAME=VALUE/)]);
    writeFileSync(file, Buffer.from([0x41, 0x3d, 0xfc]));
    expect(readEnvFile(file).problems).toEqual(['the file .env is not UTF-8']);
  });
});
