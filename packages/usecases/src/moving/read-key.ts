import {
  type Id,
  type Instant,
  isId,
  type Key,
  keyTypes,
  parseName,
  parseScopes,
  prefixOf,
} from '@rekey/domain';
import type { ImportedKey, KeyRow, Ports } from '../ports/index.ts';
import { sealOwners } from '../shared/seals.ts';
import { Reading } from './reading.ts';

type Needs = Pick<Ports, 'secrets' | 'ids'>;

const MEMBERS = [
  'id',
  'type',
  'name',
  'value',
  'value_sha256',
  'service',
  'is_enabled',
  'is_revoked',
  'scopes',
  'expires_at',
  'created_at',
  'updated_at',
  'last_used_at',
] as const satisfies readonly (keyof KeyRow)[];

/** What fits into a header; a shorter one could be guessed by its digest. */
const VALUE = /^[\x21-\x7e]{20,512}$/;
/** What this many letters show of a value leaves enough of it. */
const MIN_SHOWN_LENGTH = 32;
/** RFC 4648, 6: of 80 bits and more, as people copy it. */
const SEED = /^[A-Z2-7]{16,128}$/;

export const NO_SEED = 'must be a seed in base32 of 16 letters or more';

/** The seed of one-time codes in base32, without the spaces and fillers that it may be written with. */
export function parseSeed(text: string): string | null {
  const plain = text
    .slice(0, 200)
    .replaceAll(/[\s=-]/g, '')
    .toUpperCase();
  return SEED.test(plain) ? plain : null;
}

type Owner = {
  readonly userId: Id | null;
  /** The service of a key; undefined where the row has to name one. */
  readonly serviceId?: Id | null;
};

/** Finds the service that a row names by its id or its name; a text is the reason why there is none. */
export type FindService = (named: string) => { readonly id: Id } | string;

export type ReadKey = {
  readonly key: ImportedKey | null;
  /** Names that no other line of the file may have: of the key, where the row gives an id, and of its value. */
  readonly claims: readonly string[];
  readonly faults: readonly string[];
};

/** Reads a key, which is made now unless the row says when; null where anything is wrong with it. */
export function readKey(
  { secrets, ids }: Needs,
  row: unknown,
  place: string,
  { userId, serviceId }: Owner,
  { now, find }: { readonly now: Instant; readonly find: FindService },
): ReadKey {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return { key: null, claims: [], faults: [`${place.slice(0, -1)} must be an object`] };
  }
  const reading = new Reading(row, MEMBERS, place);
  const type = reading.text('type') ?? 'KEY';
  const isType = (keyTypes as readonly string[]).includes(type);
  if (!isType) reading.refuse('type', 'must be KEY, TOKEN or TOTP');
  if (userId === null && isType && type !== 'KEY') {
    reading.refuse('type', 'must be KEY where the key is of no user');
  }
  const id = reading.text('id')?.toLowerCase() ?? ids.next();
  if (!isId(id)) reading.refuse('id', 'must be a UUID');

  let owner = serviceId;
  const named = reading.text('service');
  if (serviceId !== undefined && named !== undefined) {
    reading.refuse('service', 'is known from where the key stands');
  }
  if (serviceId === undefined) {
    const found = named === undefined ? 'is required' : find(named);
    if (typeof found === 'string') reading.refuse('service', found);
    else owner = found.id;
  }

  const secret = readValue(reading, { secrets, ids }, type, id);
  const createdAt = reading.past('created_at', now) ?? now;
  const isRevoked = reading.flag('is_revoked') ?? false;
  const key = {
    id,
    createdAt,
    updatedAt: reading.past('updated_at', now) ?? createdAt,
    isEnabled: (reading.flag('is_enabled') ?? true) && !isRevoked,
    isRevoked,
    type: type as Key['type'],
    name: reading.text('name', parseName) ?? (type === 'KEY' ? 'imported' : type),
    serviceId: owner ?? null,
    userId,
    prefix: secret?.prefix ?? null,
    scopes: reading.parsed('scopes', () => parseScopes(reading.texts('scopes') ?? [])) ?? [],
    expiresAt: reading.instant('expires_at') ?? null,
    lastUsedAt: reading.past('last_used_at', now) ?? null,
  };
  const { faults } = reading;
  if (secret === null || faults.length > 0) return { key: null, claims: [], faults };
  const isGiven = reading.has('value') || reading.has('value_sha256');
  const claims = [
    ...(reading.has('id') ? [`key ${id}`] : []),
    ...(isGiven ? [`value ${secret.kept.digest}`] : []),
  ];
  return { key: { key, secret: secret.kept }, claims, faults };
}

type Value = { readonly kept: ImportedKey['secret']; readonly prefix: string | null };

/** What is kept of the value that a row has; a TOKEN key that nobody sends needs none. */
function readValue(reading: Reading, { secrets }: Needs, type: string, id: Id): Value | null {
  const value = reading.text('value');
  const sha256 = reading.text('value_sha256');
  if (value !== undefined && sha256 !== undefined) {
    reading.refuse('value', 'must be given once: as it is, or as its SHA-256');
    return null;
  }
  if (type === 'TOTP') {
    const seed = value === undefined ? null : parseSeed(value);
    if (seed !== null) return sealedSeed(secrets, seed, id);
    reading.refuse('value', NO_SEED);
    return null;
  }
  if (sha256 !== undefined) {
    const digest = secrets.digestFrom(sha256);
    if (digest !== null) return { kept: { digest }, prefix: null };
    reading.refuse('value_sha256', 'must be a SHA-256 in hex or base64url');
    return null;
  }
  if (value === undefined && type === 'TOKEN') {
    return { kept: { digest: secrets.digest(secrets.generate('rku_')) }, prefix: null };
  }
  if (value === undefined) reading.refuse('value', 'or value_sha256 is required');
  else if (VALUE.test(value))
    return { kept: { digest: secrets.digest(value) }, prefix: shown(value) };
  else reading.refuse('value', 'must be 20 to 512 visible ASCII characters');
  return null;
}

/** What is kept of the seed of one-time codes. */
function sealedSeed(secrets: Needs['secrets'], seed: string, keyId: Id): Value {
  const [digest] = secrets.blindIndexes(seed);
  return { kept: { digest, sealed: secrets.seal(seed, sealOwners.seed(keyId)) }, prefix: null };
}

const shown = (value: string): string | null => {
  if (value.length < MIN_SHOWN_LENGTH) return null;
  return /^rk[su]_/.test(value) ? prefixOf(value) : value.slice(0, 8);
};
