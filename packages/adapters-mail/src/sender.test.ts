import { describe, expect, it } from 'vitest';
import { parseMailFrom } from './sender.ts';

describe('MAIL_FROM', () => {
  it.each([
    ['Rekey <no-reply@localhost>', 'Rekey', 'no-reply@localhost'],
    ['no-reply@example.com', '', 'no-reply@example.com'],
    ['<no-reply@example.com>', '', 'no-reply@example.com'],
    ['"Ünï, Inc." <a.b+c@mail.example.com>', 'Ünï, Inc.', 'a.b+c@mail.example.com'],
  ])('may be %s', (text, name, address) => {
    expect(parseMailFrom(text)).toEqual({ name, address });
  });

  it.each([
    '',
    'Rekey',
    'Rekey <>',
    'Rekey <no-reply>',
    'Rekey <a@b@example.com>',
    'a@example.com, b@example.com',
    'a@example.com <b@example.com>',
    'Rekey <a@example.com> <b@example.com>',
    'Rekey <a@example.com>\r\nBcc: b@example.com',
    'Rekey\r\nBcc: b <a@example.com>',
    'Re"key <a@example.com>',
    'Rekey <a..b@example.com>',
    'Rekey <a@exam ple.com>',
    'Rekey <a@bücher.example>',
  ])('may not be %j', (text) => {
    expect(() => parseMailFrom(text)).toThrow(/^MAIL_FROM must/);
  });
});
