import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AuditChain,
  auditChainText,
  auditEntryText,
  auditOrigin,
  auditOutcomes,
  auditTypes,
  parseCustomType,
  revokeTypes,
} from './audit.ts';
import type { IllegalArgument } from './errors.ts';

const text = fc.string({ unit: 'binary', maxLength: 8 });
const nullable = fc.option(text);
type Hashed = Parameters<typeof auditEntryText>[0];
const entries: fc.Arbitrary<Hashed> = fc.record({
  id: text,
  createdAt: fc.nat(),
  serviceId: nullable,
  userId: nullable,
  keyId: nullable,
  userKeyId: nullable,
  subjectId: nullable,
  type: fc.constantFrom(...auditTypes),
  outcome: fc.constantFrom(...auditOutcomes),
  statusCode: fc.option(fc.nat()),
  textDigest: nullable,
  count: fc.nat(),
  sequence: fc.nat(),
  previousHash: nullable,
});
const chains: fc.Arbitrary<Omit<AuditChain, 'seal'>> = fc.record({
  serviceId: nullable,
  length: fc.nat(),
  hash: nullable,
  pruned: fc.nat(),
  prunedHash: nullable,
  prunedUntil: fc.option(fc.nat()),
});

/** Two things that differ in some of their members. */
const pairs = <T extends object>(things: fc.Arbitrary<T>) =>
  fc.tuple(things, things, fc.infiniteStream(fc.boolean())).map(([one, other, takes]): [T, T] => {
    const members = Object.entries(one).filter(() => takes.next().value);
    return [one, { ...other, ...Object.fromEntries(members) }];
  });

describe('the text that a hash is made of', () => {
  test('differs for entries that differ in anything', () => {
    fc.assert(
      fc.property(pairs(entries), ([one, other]) => {
        const isSame = JSON.stringify(one) === JSON.stringify({ ...one, ...other });
        expect(auditEntryText(one) === auditEntryText(other)).toBe(isSame);
      }),
    );
  });

  test('differs for chains that differ in anything', () => {
    fc.assert(
      fc.property(pairs(chains), ([one, other]) => {
        const isSame = JSON.stringify(one) === JSON.stringify({ ...one, ...other });
        expect(auditChainText(one) === auditChainText(other)).toBe(isSame);
      }),
    );
  });

  test('always differs between an entry and a chain', () => {
    fc.assert(
      fc.property(entries, chains, (entry, chain) => {
        expect(auditEntryText(entry)).not.toBe(auditChainText(chain));
      }),
    );
  });

  test('does not depend on the order of members', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const reversed = Object.fromEntries(Object.entries(entry).reverse());
        expect(auditEntryText(reversed as typeof entry)).toBe(auditEntryText(entry));
      }),
    );
  });
});

describe('a type of a service', () => {
  const refusals = (text: string) => {
    try {
      parseCustomType(text);
      return [];
    } catch (error) {
      return (error as IllegalArgument).violations.map(({ field, code }) => `${field} ${code}`);
    }
  };

  test.each(['shop:CheckOut', 'ssolike', 'sso', 'rekeyed:X', 'my sso:X', ' shop: X', 'продажа:X'])(
    'may be any but those of Rekey: %s',
    (text) => {
      expect(refusals(text)).toEqual([]);
    },
  );

  test.each([
    'sso:X',
    'SSO:X',
    'rEkEy:X',
    ' sso:X',
    '\u00a0\u3000rekey:X',
    'sso :X',
    's s o:X',
    'ｓｓｏ:X',
    'ＲＥＫＥＹ：X',
    'ſso:X',
    're\u212aey:X',
    's\u200dso:X',
    '\u200esso:X',
    's\u0307so:X',
    'ṡşó:X',
    'sso\u02d0X',
    'sso\u2236X',
    'rekey\ua789X',
    '\u2800sso:X',
    '\u0455so:X',
    '\u0405S\u041e:X',
    'r\u0435k\u0435\u0443:X',
    '\u3164rekey:X',
  ])('is none that looks like one of Rekey: %j', (text) => {
    expect(refusals(text)).toEqual(['type malformed']);
  });
});

test('each kill switch is recorded under a type of its own', () => {
  const types = Object.values(revokeTypes);
  expect(new Set(types).size).toBe(types.length);
  for (const type of types) expect(auditTypes).toContain(type);
});

describe('the origin of an entry', () => {
  test('keeps 200 characters of the name that a client gives itself, and never half of one', () => {
    const address = '192.0.2.7';
    expect(auditOrigin({ address, client: 'x'.repeat(200) }).client).toBe('x'.repeat(200));
    expect(auditOrigin({ address, client: 'x'.repeat(201) }).client).toBe('x'.repeat(200));
    expect(auditOrigin({ address, client: '🦉'.repeat(300) }).client).toBe('🦉'.repeat(200));
    expect(auditOrigin({ address, client: null })).toEqual({ address, client: null });
  });
});
