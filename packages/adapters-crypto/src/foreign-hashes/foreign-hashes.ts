import { IllegalArgument } from '@rekey/domain';
import type { ForeignHashes } from '@rekey/usecases';

/** bcrypt as other systems write it. */
const BCRYPT = /^\$2[aby]\$(?:0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}$/;

/** Takes hashes of other systems in. */
export function foreignHashes(): ForeignHashes {
  return {
    adopt: async ({ hash }) => {
      if (BCRYPT.test(hash)) return hash;
      const message = 'must be a hash of a format that is known';
      throw new IllegalArgument([{ field: 'passwordHash', message, code: 'malformed' }]);
    },
  };
}
