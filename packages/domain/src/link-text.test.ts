import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IllegalArgument, parseLinkless, readsAsLink } from './index.ts';

describe('a text reads as a link where it has', () => {
  test.each([
    ['a URL', 'See https://shop.example/help.'],
    ['a URL of another scheme', 'Get it at ftp://files'],
    ['a URL of any case', 'HTTP://EVIL'],
    ['a URL without a scheme', 'Go to //intranet/login'],
    ['a scheme of its own', 'Open steam://run/1'],
    ['the name of a web server', 'Visit www.4u'],
    ['a domain', 'Buy at shop.example today'],
    ['a domain at the end of a sentence', 'Buy at shop.example.'],
    ['a domain with a path', 'bit.ly/3xyz'],
    ['a domain of digits', 'Go to 163.com'],
    ['a domain with a port', 'evil.test:8443'],
    ['a domain of any case', 'EVIL.COM'],
    ['a domain of another script', 'Зайдите на пример.рф сегодня'],
    ['a domain of marked letters', 'müller.de\u0301'],
    ['a domain in brackets', '(evil.test)'],
    ['a domain before a hyphen', 'evil.test-'],
    ['a domain in punycode', 'xn--bcher-kva.xn--p1ai'],
    ['a domain in wide letters', 'ｅｖｉｌ．ｃｏｍ'],
    ['a domain with a wide dot', 'evil。com'],
    ['a domain with a small dot', 'evil․com'],
    ['a domain with an invisible character', 'evil\u200d.\u200ccom'],
    ['a domain with a soft hyphen', 'evil.\u00adcom'],
    ['a file of Windows', 'Look at \\\\server\\share'],
    ['an address', 'Write to ada@shop.example'],
    ['an address of this machine', 'Write to root@localhost'],
    ['an IP address', 'Open 198.51.100.7'],
    ['an IP address with a path', '198.51.100.7/login now'],
    ['mailto', 'mailto:ada'],
    ['javascript', 'javascript:alert(1)'],
    ['a scheme of a telephone', 'sms:+15550100'],
    ['links over several lines', 'Dear customer,\nplease log in:\nshop.example/login\nBye'],
    ['markup of a link', '<a href=evil>here</a>'],
  ])('%s: %j', (_what, text) => {
    expect(readsAsLink(text)).toBe(true);
  });
});

describe('a text reads as a sentence where it has', () => {
  test.each([
    ['a telephone number', 'Call 555-0100, or +1 (555) 010-0199.'],
    ['a telephone number with a word before it', 'Tel: 030 123456'],
    ['a telephone number with dots', 'Appelez le 01.23.45.67.89'],
    ['a telephone number with four groups of digits', 'Ruf 044.123.45.67 an'],
    ['a telephone number with three groups', 'Call 1.800.555.0100'],
    ['times of day', 'Open Mon.-Fri. 9:00-17:30, 10.30 a.m. to 5.30pm'],
    ['abbreviations', 'e.g. this, i.e. that, z.B. das, u.s.w., the U.S.A., a Ph.D., p.m.'],
    ['titles', 'Ask Dr. Smith or Mr. O. Neil'],
    ['numbers', 'It costs 1.500,00 or 1,500.00 or 3.5GB; version 2.0.1'],
    ['a version of two letters and digits', 'v1.2, No.5, v1.rc2, v1.beta2'],
    ['dots that go on', 'wait...then call; wait…then call. . .'],
    ['sentences of Japanese', 'お電話ください。ありがとうございます。Shop サポート'],
    ['sentences of Chinese', '请致电555。谢谢！24小时'],
    ['sentences of Russian', 'Звоните нам. Спасибо!'],
    ['sentences of Arabic', 'اتصل بنا على 555. شكرا'],
    ['sentences of Hindi', 'हमें कॉल करें। धन्यवाद'],
    ['alternatives', 'and/or, 24/7, he/she, km/h'],
    ['a colon', 'Note: call us. Help:call'],
    ['a name after a sign', 'Follow @shop and #shop'],
    ['a price at a time', 'Two @ 5'],
    ['quotes', '"Call." \'Now.\' (Bye.)'],
    ['lines', 'Call 555.\nBye'],
    ['nothing', ''],
  ])('%s: %j', (_what, text) => {
    expect(readsAsLink(text)).toBe(false);
  });
});

describe('a text without links', () => {
  test('is answered as it is', () => {
    expect(parseLinkless('Call 555. Bye', 'note')).toBe('Call 555. Bye');
  });

  test('is refused where it reads as one, by the name of the field', () => {
    expect.assertions(1);
    try {
      parseLinkless('See shop.example', 'note');
    } catch (error) {
      expect((error as IllegalArgument).violations).toMatchObject([
        { field: 'note', code: 'malformed' },
      ]);
    }
  });

  test('has no URL or address in it, wherever that stands', () => {
    const before = fc.string({ unit: 'grapheme' }).map((text) => `${text} `);
    fc.assert(
      fc.property(before, fc.oneof(fc.webUrl(), fc.emailAddress(), fc.domain()), (text, link) => {
        expect(() => parseLinkless(text + link, 'note')).toThrow(IllegalArgument);
      }),
    );
  });
});
