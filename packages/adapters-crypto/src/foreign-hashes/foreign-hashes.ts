import { type ForeignHashes, type Secrets, sealOwners } from '@rekey/usecases';
import type { KeyList } from '../key-file.ts';
import { makeOwnHash } from '../own-hash.ts';
import { readForeignHash, readKept } from './read.ts';
import { type Reading, refusal } from './reading.ts';

/** Passwords that the source of another system tells everybody: of the first admin of orion users. */
const PUBLISHED = ['orionadmin'];

/** A hash of another system that was hashed once more: a hash of our own, and what makes its text of a password. */
const WRAPPED = /^(?<own>rk1\$\S{1,128}) (?<setting>\S+)$/;
const BLANK = 'A';

/**
 * Takes hashes of other systems in. What may lie open is kept as it is; a text that may not is sealed for its user, or
 * hashed once more as `<own hash of the output> <text with a blank output>`.
 */
export function foreignHashes(options: {
  /** Of hashes that are made around others, 4 to 14. */
  readonly cost: number;
  readonly peppers: () => KeyList;
  readonly secrets: Pick<Secrets, 'seal'>;
}): ForeignHashes {
  const { cost, peppers, secrets } = options;
  return {
    adopt: async (foreign, { wrap, userId }) => {
      const reading = readForeignHash(foreign);
      if (await isPublished(reading)) {
        throw refusal('must not be of a password that was published', 'common');
      }
      const { text, output, kind } = reading;
      if (kind === 'dear') return text;
      if (kind === 'cheap' && wrap) {
        const setting = text.slice(0, -output.length) + BLANK.repeat(output.length);
        return `${await makeOwnHash(output, peppers(), cost)} ${setting}`;
      }
      return secrets.seal(text, sealOwners.password(userId));
    },
  };
}

/** Looked for where a look costs next to nothing: such passwords are hashed by digests. */
async function isPublished({ text, output, run }: Reading): Promise<boolean> {
  if (!text.startsWith('$digest$')) return false;
  for (const password of PUBLISHED) if ((await run(password)) === output) return true;
  return false;
}

/** A hash that is kept, read: a hash of another system, or one of our own of the output of such a hash. */
export type Kept = { readonly reading: Reading; readonly own: string | null };

/** Reads the stored form of a hash of another system; null for anything else. */
export function readAdopted(
  stored: string,
  secrets: Pick<Secrets, 'unseal'>,
  owner: string,
): Kept | null {
  const { own, setting } = WRAPPED.exec(stored)?.groups ?? {};
  if (own !== undefined && setting !== undefined) {
    const reading = readKept(setting);
    return reading && { reading, own };
  }
  const reading = readKept(stored.startsWith('rks1.') ? unsealed(stored, secrets, owner) : stored);
  return reading && { reading, own: null };
}

function unsealed(stored: string, secrets: Pick<Secrets, 'unseal'>, owner: string): string {
  try {
    return secrets.unseal(stored, owner);
  } catch {
    // Of another user, or sealed with a key that is gone: no hash at all.
    return '';
  }
}
