import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Instant, PASSKEY_CHALLENGE_MS } from '@rekey/domain';
import type { AnsweredChallenge, Ceremony } from '@rekey/usecases';

/** The secrets of one purpose, the current one first. */
export type SecretList = readonly [Secret, ...Secret[]];
type Secret = { readonly key: KeyObject };

/** Bytes: 48 bits of milliseconds, 80 random ones, and half of an HMAC-SHA-256 (RFC 2104, 5). */
const TIME = 6;
const HEAD = 16;
const WHOLE = 32;

/** A challenge is its own proof of when it was made, and for which ceremony. */
export function challenges(secrets: () => SecretList) {
  const macOf = ({ key }: Secret, head: Uint8Array, { kind, serviceId, account }: Ceremony) =>
    createHmac('sha256', key)
      .update(`rekey passkey challenge v1:${JSON.stringify([kind, serviceId, account])}:`)
      .update(head)
      .digest()
      .subarray(0, WHOLE - HEAD);

  return {
    make(ceremony: Ceremony, now: Instant): string {
      const head = randomBytes(HEAD);
      head.writeUIntBE(now, 0, TIME);
      return Buffer.concat([head, macOf(secrets()[0], head, ceremony)]).toString('base64url');
    },

    /** Null for one that was not made here for that ceremony in the last minutes. */
    read(challenge: string, ceremony: Ceremony, now: Instant): AnsweredChallenge | null {
      const bytes = Buffer.from(challenge, 'base64url');
      // Another spelling of the same bytes could be spent once more.
      if (bytes.length !== WHOLE || bytes.toString('base64url') !== challenge) return null;
      const [head, mac] = [bytes.subarray(0, HEAD), bytes.subarray(HEAD)];
      const isOurs = secrets().some((secret) =>
        timingSafeEqual(macOf(secret, head, ceremony), mac),
      );
      const madeAt = head.readUIntBE(0, TIME);
      const expiresAt = madeAt + PASSKEY_CHALLENGE_MS;
      // The clock of the server that made it may be ahead.
      const isGood = now < expiresAt && madeAt < now + PASSKEY_CHALLENGE_MS;
      return isOurs && isGood ? { challenge, expiresAt } : null;
    },
  };
}
