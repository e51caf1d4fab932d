import { type ForeignHashes, type Secrets, sealOwners } from '@rekey/usecases';
import type { KeyList } from '../key-file.ts';
import { makeOwnHash, type OwnHash, readOwnHash } from '../own-hash.ts';
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

    isAdopted: (stored) => readOwnHash(stored) === null,
  };
}

/** Looked for where a look costs next to nothing, at digests: systems that publish passwords hash with those. */
async function isPublished({ bcryptRounds, output, run }: Reading): Promise<boolean> {
  if (bcryptRounds !== 0) return false;
  for (const password of PUBLISHED) if ((await run(password)) === output) return true;
  return false;
}

/** A hash of another system that is kept; with the hash of our own that is around it, or null. */
export type Adopted = { readonly reading: Reading; readonly around: OwnHash | null };

/** Reads the stored form of a hash of another system; null for anything else. */
export function readAdopted(
  stored: string,
  secrets: Pick<Secrets, 'unseal'>,
  owner: string,
): Adopted | null {
  const { own, setting } = WRAPPED.exec(stored)?.groups ?? {};
  if (own !== undefined && setting !== undefined) {
    const [reading, around] = [readKept(setting), readOwnHash(own)];
    return reading && around && { reading, around };
  }
  const reading = readKept(stored.startsWith('rks1.') ? unsealed(stored, secrets, owner) : stored);
  return reading && { reading, around: null };
}

function unsealed(stored: string, secrets: Pick<Secrets, 'unseal'>, owner: string): string {
  try {
    return secrets.unseal(stored, owner);
  } catch {
    // Of another user, or sealed with a key that is gone: no hash at all.
    return '';
  }
}
