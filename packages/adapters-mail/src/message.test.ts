import { DeliveryFailure } from '@rekey/usecases';
import { languages } from '@rekey/wording';
import { describe, expect, it } from 'vitest';
import { aNotice, from, parse, read } from '../test/notice.ts';
import { plainBrand } from './brand.ts';
import { buildMessage } from './message.ts';
import { templatesOf } from './templates/templates.ts';

const templates = templatesOf();

describe('a message', () => {
  it('is the same to the byte each time', async () => {
    const [first, second] = [
      await buildMessage(aNotice(), from, templates),
      await buildMessage(aNotice(), from, templates),
    ];
    expect(second.equals(first)).toBe(true);
  });

  it('is named after the notice, and dated when it happened', async () => {
    const email = await parse(await buildMessage(aNotice(), from, templates));
    expect(email.messageId).toBe('<019a0000-0000-7000-8000-000000000001@rekey.example.com>');
    expect(email.date).toBe('2026-01-31T23:30:00.000Z');
  });

  it('says who it is from, to whom, and that a machine wrote it', async () => {
    const email = await parse(await buildMessage(aNotice(), from, templates));
    const headers = Object.fromEntries(email.headers.map(({ key, value }) => [key, value]));
    expect(email.from).toEqual(from);
    expect(email.to).toEqual([{ name: '', address: 'ada@example.com' }]);
    expect(email.subject).toBe('Your password at Notes was changed');
    expect(headers['auto-submitted']).toBe('auto-generated');
    expect(headers['x-auto-response-suppress']).toBe('All');
  });

  it('has a text and an HTML part in UTF-8, and nothing else', async () => {
    const message = (await buildMessage(aNotice(), from, templates)).toString();
    expect(message.match(/^Content-Type: [^;]*/gm)).toEqual([
      'Content-Type: multipart/alternative',
      'Content-Type: text/plain',
      'Content-Type: text/html',
    ]);
    expect(message.match(/charset=utf-8/g)).toHaveLength(2);
  });

  it('has lines that every server takes: ASCII, CRLF, 76 characters', async () => {
    for (const locale of languages) {
      const message = (await buildMessage(aNotice({ locale }), from, templates)).toString('latin1');
      expect(message).toMatch(/^(?:[\x20-\x7e\t]{0,76}\r\n)+$/);
    }
  });

  it.each(languages)('carries the link unharmed in both parts, in %s', async (locale) => {
    const notice = aNotice({ locale });
    const email = await parse(await buildMessage(notice, from, templates));
    expect(email.text?.split(/\r?\n/)).toContain(notice.link);
    expect(new Set(read(email.html).links)).toEqual(new Set([notice.link]));
    expect(read(email.html).text).toContain(notice.link);
  });

  it('has no words beside the address of its recipient', async () => {
    const message = (await buildMessage(aNotice(), from, templates)).toString();
    expect(message).toMatch(/^To: ada@example\.com\r$/m);
  });

  it('keeps a service name inside the subject', async () => {
    const service = { name: 'Notes\r\nBcc: eve@example.com', emailText: null };
    const { subject, bcc } = await parse(await buildMessage(aNotice({ service }), from, templates));
    expect(subject).toContain('Bcc: eve@example.com');
    expect(bcc).toBeUndefined();
  });

  it('goes to an address beyond ASCII (RFC 6532)', async () => {
    const to = 'jörg@xn--bcher-kva.example';
    const email = await parse(await buildMessage(aNotice({ to }), from, templates));
    expect(email.to).toEqual([{ name: '', address: 'jörg@bücher.example' }]);
  });

  it.each([
    'ada@example.com,eve@example.com',
    'ada@example.com\r\nRCPT TO:<eve@example.com>',
    '"ada,eve"@example.com',
    'ada@example.com>,<eve@example.com',
    'eve@example.com (ada@example.com)',
    'Ada@example.com',
    'ada@localhost',
    '',
  ])('is not made for what is no canonical address: %j', async (to) => {
    const failure = await buildMessage(aNotice({ to }), from, templates).catch(
      (error: unknown) => error,
    );
    expect(failure).toEqual(new DeliveryFailure('not an e-mail address', true));
  });
});

describe('the logo', () => {
  const logo = { type: 'image/png', content: Buffer.from('a picture') };

  it('is in the mail itself, where its HTML part shows it', async () => {
    const message = await buildMessage(aNotice(), from, templates, { ...plainBrand, logo });
    const { html = '', attachments } = await parse(message);
    expect(attachments).toMatchObject([
      { contentId: '<logo@rekey>', disposition: 'inline', mimeType: 'image/png', related: true },
    ]);
    expect(Buffer.from(attachments[0]!.content as ArrayBuffer)).toEqual(logo.content);
    expect(html).toContain('src="cid:logo@rekey"');
    const again = await buildMessage(aNotice(), from, templates, { ...plainBrand, logo });
    expect(again.equals(message)).toBe(true);
  });

  it('is nowhere without one', async () => {
    expect((await parse(await buildMessage(aNotice(), from, templates))).attachments).toEqual([]);
  });
});
