import { createHmac } from 'node:crypto';
import type { PasskeyReference } from '@rekey/domain';
import type { SecretList } from './challenges.ts';

/** Credential ids are as long as those of common authenticators, and reached in the ways that those are. */
const KINDS: readonly { readonly bytes: number; readonly transports: readonly string[] }[] = [
  { bytes: 20, transports: ['internal', 'hybrid'] },
  { bytes: 16, transports: ['internal', 'hybrid'] },
  { bytes: 32, transports: ['internal', 'hybrid'] },
  { bytes: 32, transports: ['internal'] },
  { bytes: 16, transports: ['hybrid', 'internal'] },
  { bytes: 20, transports: ['hybrid', 'internal'] },
  { bytes: 32, transports: ['hybrid', 'internal'] },
  { bytes: 64, transports: ['usb', 'nfc'] },
  { bytes: 48, transports: ['usb'] },
  { bytes: 16, transports: [] },
];
/** How many passkeys people have, in tenths: most have one. */
const COUNTS = [1, 1, 1, 1, 1, 1, 2, 2, 2, 3];

/** The passkeys that nobody has: whoever asks cannot tell them from those of somebody. */
export function madeUp(secrets: () => SecretList, email: string): readonly PasskeyReference[] {
  const bytes = (of: string) =>
    createHmac('sha512', secrets()[0].key)
      .update(`rekey made-up passkey v1:${of}:${email}`)
      .digest();
  const pick = <T>(from: readonly T[], of: string): T =>
    from[bytes(of).readUInt32BE() % from.length] as T;
  const count = pick(COUNTS, 'count');
  return Array.from({ length: count }, (_, index) => {
    const kind = pick(KINDS, `kind ${index}`);
    const id = bytes(`id ${index}`).subarray(0, kind.bytes);
    return { credentialId: id.toString('base64url'), transports: kind.transports };
  });
}
