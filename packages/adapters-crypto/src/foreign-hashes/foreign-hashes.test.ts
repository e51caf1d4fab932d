import { createHash } from 'node:crypto';
import { foreignHashesContract } from '@rekey/usecases/testing';
import { known, listOf } from '../../test/keys.ts';
import { bcryptHasher } from '../bcrypt-hasher.ts';
import { gate } from '../gate.ts';
import { secrets } from '../secrets.ts';
import { foreignHashes } from './foreign-hashes.ts';

const hashing = {
  cost: 4,
  peppers: listOf(known),
  secrets: secrets(listOf(known), listOf(known)),
};
const adopted = foreignHashes(hashing);
const hasher = bcryptHasher({ ...hashing, gate: gate({ places: 4, maxWaiting: 1000 }) });
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

foreignHashesContract('Rekey', async () => ({
  foreignHashes: adopted,
  hasher,
  // Ory Kratos, hash/hasher_test.go
  dear: {
    hash: '$argon2i$v=19$m=65536,t=3,p=4$kk51rW/vxIVCYn+EG4kTSg$NyT88uraJ6im6dyha/M5jhXvpqlEdlS/9fEm7ScMb8c',
  },
  cheap: { hash: sha256('test'), format: 'sha256-hex' },
  password: 'test',
  refused: {
    'of a format that nobody knows': { hash: sha256('test'), format: 'rot13' },
    'that is none': { hash: '$argon2i$v=19$m=65536,t=3,p=4$short' },
    'that costs too much': { hash: `$6$rounds=999999999$saltstring$${'a'.repeat(86)}` },
    'of a password that was published': { hash: sha256('orionadmin'), format: 'sha256-hex' },
  },
}));
