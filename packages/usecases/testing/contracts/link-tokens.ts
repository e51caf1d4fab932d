import { type OneTimeToken, purposes } from '@rekey/domain';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LinkTokens } from '../../src/ports/index.ts';
import { aOneTimeToken } from '../fixtures.ts';
import { replaceAt } from './forgeries.ts';

type OpenLinkTokens = {
  readonly linkTokens: LinkTokens;
  /** `linkTokens` after a rotation: there is one more secret, which is the current one. */
  readonly rotated: LinkTokens;
  /** One with other secrets altogether. */
  readonly stranger: LinkTokens;
};

export function linkTokensContract(name: string, open: () => Promise<OpenLinkTokens>): void {
  describe(`the link tokens of ${name}`, () => {
    let opened: OpenLinkTokens;
    let linkTokens: LinkTokens;
    beforeAll(async () => {
      opened = await open();
      linkTokens = opened.linkTokens;
    });
    const right = (tokens: LinkTokens, purpose: OneTimeToken['purpose'] = 'update_password') =>
      aOneTimeToken({ userId: '', serviceId: '', purpose, keyId: tokens.currentKeyId() });

    test.each(purposes)('name the right that they were made for: %s', (purpose) => {
      for (const { id, keyId } of [right(linkTokens), right(linkTokens)]) {
        const token = linkTokens.make({ id, purpose, keyId });
        expect(linkTokens.verify(token)).toEqual({ id, purpose });
      }
    });

    test('are for one purpose: renamed to another one they are worth nothing', () => {
      const one = right(linkTokens);
      const [first, second] = purposes.map((purpose) => linkTokens.make({ ...one, purpose }));
      expect(first).not.toBe(second);
      for (const [from, to] of [purposes, purposes.toReversed()]) {
        const token = linkTokens.make({ ...one, purpose: from! });
        const renamed = token.replace(from!, to!);
        if (renamed !== token) expect(linkTokens.verify(renamed)).toBeNull();
      }
    });

    test('do not change from one time to the next, and fit a link', () => {
      const one = right(linkTokens);
      const token = linkTokens.make(one);
      expect(linkTokens.make({ ...one })).toBe(token);
      expect(encodeURIComponent(token)).toBe(token);
    });

    test('outlive a rotation unchanged', () => {
      const { rotated } = opened;
      expect(rotated.currentKeyId()).not.toBe(linkTokens.currentKeyId());
      const old = right(linkTokens);
      const token = linkTokens.make(old);
      expect(rotated.make(old)).toBe(token);
      expect(rotated.verify(token)).toEqual({ id: old.id, purpose: old.purpose });
      const young = right(rotated);
      expect(rotated.verify(rotated.make(young))).toMatchObject({ id: young.id });
    });

    test('cannot be made, and are worth nothing, where their secret is gone', () => {
      const young = right(opened.rotated);
      expect(() => linkTokens.make(young)).toThrow();
      expect(linkTokens.verify(opened.rotated.make(young))).toBeNull();
    });

    test('of somebody else are worth nothing', () => {
      const { stranger } = opened;
      expect(linkTokens.verify(stranger.make(right(stranger)))).toBeNull();
    });

    test.each(purposes)('have one spelling, and no text that is close to it: %s', (purpose) => {
      const token = linkTokens.make(right(linkTokens, purpose));
      const others = [
        ...Array.from(token, (_, at) => replaceAt(token, at)),
        token.toUpperCase(),
        ` ${token}`,
        `${token}\n`,
        `${token}=`,
        `${token}.`,
        token.slice(0, -1),
        token.slice(1),
        token + token,
      ];
      for (const other of others) {
        expect(other).not.toBe(token);
        expect(linkTokens.verify(other), other).toBeNull();
      }
    });

    test('are nothing that anybody could guess', () => {
      const { id, keyId, purpose } = right(linkTokens);
      const guesses = ['', '.', '..', 'token', id, `${keyId}.${id}`, `${keyId}.${purpose}.${id}.`];
      for (const text of [...guesses, '🦉\0']) expect(linkTokens.verify(text), text).toBeNull();
    });
  });
}
