import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../apps/server/src/program.ts';
import {
  formatNames,
  readForeignHash,
  readKept,
} from '../../packages/adapters-crypto/src/foreign-hashes/read.ts';
import { deviceCookie } from '../../packages/adapters-http/src/server/device-cookie.ts';
import { parseForm } from '../../packages/adapters-http/src/server/form.ts';
import { requestIdOf, traceIdOf } from '../../packages/adapters-http/src/server/request-id.ts';
import {
  canonicalEmail,
  checkPasswordDiffers,
  normalizePassword,
  parseLocale,
  parseMailText,
  parseName,
  parseSupportUrl,
  parseTimezone,
  parseUrl,
  readsAsLink,
} from '../../packages/domain/src/index.ts';
import { defuse, defuseAddress, languageOf, preferred } from '../../packages/wording/src/index.ts';
import { nasty, SIZE, worst } from './corpus.ts';
import { costOf } from './cost.ts';
import { fuzz } from './fuzz.ts';

const origin = 'http://localhost:8042';
const cookies = deviceCookie({ publicUrl: origin });
const ownPage = { origin, 'sec-fetch-site': 'same-origin' };

/** The UTF-16 units that the text of a mail has at most. */
const MAX_MAIL_TEXT = 2000;

type Parser = readonly [name: string, parse: (text: string) => unknown];

const parsers: readonly Parser[] = [
  ['a name', parseName],
  ['a locale', parseLocale],
  ['a time zone', parseTimezone],
  ['a URL', parseUrl],
  ['the text of a mail', (text) => parseMailText(text, 'text')],
  ['a text that may read as a link', (text) => readsAsLink(text.slice(0, MAX_MAIL_TEXT))],
  ['a place to find help', parseSupportUrl],
  ['an address', canonicalEmail],
  ['a password', (text) => normalizePassword(text, 'password')],
  ['two passwords', (text) => checkPasswordDiffers(text, text.slice(0, -1), 'password')],
  ['a stored hash', readKept],
  ['a hash of another system', (hash) => readForeignHash({ hash })],
  ...formatNames.map(
    (format): Parser => [`a hash of ${format}`, (hash) => readForeignHash({ hash, format })],
  ),
  [
    'the salt of a hash',
    (salt) =>
      readForeignHash({ hash: '00'.repeat(16), format: 'md5-hex', salt, saltPosition: 'prefix' }),
  ],
  ['Accept-Language', preferred],
  ['a language', languageOf],
  // Of what came from elsewhere, a client is cut to 300 characters, and a name has 100.
  ['a client in a mail', (text) => defuse(text.slice(0, 300))],
  ['an IP address in a mail', defuseAddress],
  ['a form', parseForm],
  ['X-Request-Id', (text) => requestIdOf({ headers: { 'x-request-id': text } })],
  ['traceparent', (text) => traceIdOf({ headers: { traceparent: text } })],
  ['a cookie', (text) => cookies.read({ headers: { ...ownPage, cookie: text } })],
  ...commandLine(),
];

/** The parser of each argument and option, and of the line itself. */
function commandLine(): Parser[] {
  const program = createProgram();
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  const values = commands.flatMap((command) => [
    ...command.registeredArguments.map(
      (argument): Parser => [
        `the argument ${argument.name()} of ${command.name()}`,
        (text) => argument.parseArg?.(text, argument.defaultValue),
      ],
    ),
    ...command.options.map(
      (option): Parser => [
        `the option ${option.long} of ${command.name()}`,
        (text) => option.parseArg?.(text, option.defaultValue),
      ],
    ),
  ]);
  const line = (...words: string[]) => {
    const fresh = createProgram();
    for (const each of [fresh, ...fresh.commands]) each.configureOutput({ writeErr: () => {} });
    fresh.parse(['node', 'rekey', ...words]);
  };
  return [
    ...values,
    ['a command', line],
    ['an option', (text) => line(`--${text}`)],
    ['an option of a command', (text) => line('doctor', `--${text}`)],
  ];
}

/** A parser may refuse a text by an error. */
const attempt = (parse: Parser[1], text: string) => () => {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
};

describe('a text of 16 KiB costs 5 ms at most, whatever it is', () => {
  test.each(parsers)('as %s', async (_name, parse) => {
    for (const [name, text] of Object.entries(worst)) {
      expect(Buffer.byteLength(text), name).toBeLessThanOrEqual(SIZE + 3);
      const cost = await costOf(attempt(parse, text));
      expect(cost, `${name} cost ${cost.toFixed(2)} times as much`).toBeLessThan(1);
    }
  });

  test('as anything, by chance', async () => {
    await fuzz(
      'parsers',
      fc.tuple(fc.constantFrom(...parsers), nasty),
      async ([[, parse], text]) => {
        expect(await costOf(attempt(parse, text))).toBeLessThan(1);
      },
    );
  });
});
