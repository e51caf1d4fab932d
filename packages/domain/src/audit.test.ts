import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AuditChain,
  type AuditEntry,
  auditActions,
  auditChainText,
  auditEntryText,
  auditOrigin,
  auditOutcomes,
} from './audit.ts';

const text = fc.string({ unit: 'binary', maxLength: 8 });
const nullable = fc.option(text);
const entries: fc.Arbitrary<Omit<AuditEntry, 'hash'>> = fc.record({
  id: text,
  createdAt: fc.nat(),
  serviceId: nullable,
  userId: nullable,
  subjectId: nullable,
  action: fc.constantFrom(...auditActions),
  outcome: fc.constantFrom(...auditOutcomes),
  origin: fc.option(fc.record({ address: text, client: nullable })),
  sequence: fc.nat(),
  previousHash: nullable,
});
const chains: fc.Arbitrary<Omit<AuditChain, 'seal'>> = fc.record({
  serviceId: nullable,
  length: fc.nat(),
  hash: nullable,
  pruned: fc.nat(),
  prunedHash: nullable,
});

/** Two things that are the same but for some of their members. */
const pairs = <T extends object>(things: fc.Arbitrary<T>) =>
  fc.tuple(things, things, fc.infiniteStream(fc.boolean())).map(([one, other, takes]): [T, T] => {
    const members = Object.entries(one).filter(() => takes.next().value);
    return [one, { ...other, ...Object.fromEntries(members) }];
  });

describe('what a hash is made of', () => {
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

  test('is never the same for an entry and a chain', () => {
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

describe('where an event came from', () => {
  test('keeps 200 characters of what a client calls itself, and never half of one', () => {
    const address = '192.0.2.7';
    expect(auditOrigin({ address, client: 'x'.repeat(200) }).client).toBe('x'.repeat(200));
    expect(auditOrigin({ address, client: 'x'.repeat(201) }).client).toBe('x'.repeat(200));
    expect(auditOrigin({ address, client: '🦉'.repeat(300) }).client).toBe('🦉'.repeat(200));
    expect(auditOrigin({ address, client: null })).toEqual({ address, client: null });
  });
});
