import {
  type Attributes,
  type Id,
  type Instant,
  isId,
  noFactors,
  parseAttributes,
  parseEmail,
  parseLocale,
  parseName,
  parseTimezone,
  type Role,
  roles,
  type SecondFactors,
  type TotpSeed,
  type User,
} from '@rekey/domain';
import type { ForeignHash, ImportedKey, Ports, UserRow } from '../ports/index.ts';
import { sealOwners } from '../shared/seals.ts';
import { type FindService, NO_SEED, parseSeed, type ReadKey, readKey } from './read-key.ts';
import { Reading, remembered } from './reading.ts';

type Needs = Pick<Ports, 'secrets' | 'ids'>;

const MEMBERS = [
  'id',
  'name',
  'email',
  'email_valid',
  'email_proven',
  'locale',
  'timezone',
  'is_enabled',
  'password_hash',
  'password_hash_format',
  'password_salt',
  'password_salt_position',
  'password_allow_reset',
  'password_require_update',
  'roles',
  'attributes',
  'totp_secret',
  'keys',
  'created_by',
  'created_at',
  'updated_at',
  'last_login_at',
] as const satisfies readonly (keyof UserRow)[];

const knownLocale = remembered(parseLocale);
const knownTimezone = remembered(parseTimezone);

/** More than anybody has. */
const MAX_KEYS = 1000;

export type Surroundings = {
  readonly now: Instant;
  readonly find: FindService;
  /** The service of `--service`, which makes users that name no maker, and where each gets a TOKEN key. */
  readonly service: { readonly id: Id; readonly name: string } | null;
};

/** A user as it is to be, and what the row says of one that is there. */
export type UserToImport = {
  readonly user: User;
  readonly attributes: Attributes;
  /** Of the second factor, which every login takes. */
  readonly seed: TotpSeed | null;
  readonly foreign: ForeignHash | null;
  readonly keys: readonly ImportedKey[];
  /** Names that no other line of the file may have. */
  readonly claims: readonly string[];
  /** The fields that the row names, for a user that is there. */
  readonly named: Partial<
    Pick<
      User,
      'name' | 'locale' | 'timezone' | 'isEnabled' | 'passwordAllowReset' | 'passwordRequireUpdate'
    >
  > & {
    readonly kept?: Attributes;
  };
  /** Whether the row says the id. */
  readonly hasId: boolean;
  /** Whether the row says when the user was made. */
  readonly hasAge: boolean;
};

const inUse: SecondFactors = { ...noFactors, hasTotp: true, atPassword: true, atProvider: true };

/** Reads a user; null, and all that is wrong with the row, where anything is. */
export function readUser(
  ports: Needs,
  row: UserRow,
  around: Surroundings,
): { readonly found: UserToImport | null; readonly faults: readonly string[] } {
  const { ids } = ports;
  const { now } = around;
  const reading = new Reading(row, MEMBERS);
  const id = reading.text('id')?.toLowerCase() ?? ids.next();
  if (!isId(id)) reading.refuse('id', 'must be a UUID');
  const maker = readMaker(reading, around);
  const attributes = reading.parsed('attributes', () =>
    reading.has('attributes') ? parseAttributes(reading.value('attributes')) : undefined,
  );
  const named = {
    name: reading.needed('name', parseName),
    locale: reading.text('locale', knownLocale),
    timezone: reading.text('timezone', knownTimezone),
    isEnabled: reading.flag('is_enabled'),
    passwordAllowReset: reading.flag('password_allow_reset'),
    passwordRequireUpdate: reading.flag('password_require_update'),
    kept: attributes,
  };
  const createdAt = reading.past('created_at', now);
  const emailProven = reading.flag('email_proven') ?? false;
  const seed = readSeed(ports, reading, id, now);
  const user: User = {
    id,
    createdAt: createdAt ?? now,
    updatedAt: reading.past('updated_at', now) ?? createdAt ?? now,
    isEnabled: named.isEnabled ?? true,
    isLocked: false,
    isDisabledByOperator: named.isEnabled === false,
    isAdmin: readRoles(reading).includes('admin'),
    name: named.name ?? '',
    email: reading.needed('email', parseEmail) ?? '',
    emailValid: emailProven || (reading.flag('email_valid') ?? false),
    emailProven,
    emailChanged: false,
    locale: named.locale ?? 'en',
    timezone: named.timezone ?? 'Etc/UTC',
    passwordAllowReset: named.passwordAllowReset ?? true,
    passwordRequireUpdate: named.passwordRequireUpdate ?? false,
    lastLoginAt: reading.past('last_login_at', now) ?? null,
    createdBy: maker,
    factors: seed === null ? noFactors : inUse,
  };
  const foreign = readHash(reading);
  const { keys, claims } = readKeys(ports, reading, id, around);
  const { faults } = reading;
  if (faults.length > 0) return { found: null, faults };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  const found = {
    user,
    attributes: attributes ?? {},
    seed,
    foreign,
    keys,
    claims: [...(reading.has('id') ? [`user ${id}`] : []), ...claims],
    named: Object.fromEntries(given),
    hasId: reading.has('id'),
    hasAge: createdAt !== undefined,
  };
  return { found, faults };
}

function readMaker(reading: Reading, { find, service }: Surroundings): Id | null {
  const named = reading.text('created_by');
  if (named === undefined) return service?.id ?? null;
  const found = find(named);
  if (typeof found !== 'string') return found.id;
  reading.refuse('created_by', found);
  return null;
}

function readRoles(reading: Reading): readonly Role[] {
  const named = reading.texts('roles') ?? [];
  if (named.every((role): role is Role => (roles as readonly string[]).includes(role)))
    return named;
  reading.refuse('roles', 'must be of user and admin');
  return [];
}

function readHash(reading: Reading): ForeignHash | null {
  const hash = reading.text('password_hash');
  const format = reading.text('password_hash_format');
  const salt = reading.text('password_salt');
  const position = reading.text('password_salt_position');
  if (position !== undefined && position !== 'prefix' && position !== 'suffix') {
    reading.refuse('password_salt_position', 'must be prefix or suffix');
  } else if (hash !== undefined) {
    return { hash, format, salt, saltPosition: position };
  } else if ((format ?? salt ?? position) !== undefined) {
    reading.refuse('password_hash', 'is required where its format or salt is there');
  }
  return null;
}

function readKeys(
  ports: Needs,
  reading: Reading,
  userId: Id,
  { now, find, service }: Surroundings,
): { readonly keys: readonly ImportedKey[]; readonly claims: readonly string[] } {
  const rows = reading.list('keys') ?? [];
  if (rows.length > MAX_KEYS) reading.refuse('keys', `must be ${MAX_KEYS} at most`);
  const keys: ImportedKey[] = [];
  const claims: string[] = [];
  const add = (read: ReadKey) => {
    if (read.key) keys.push(read.key);
    claims.push(...read.claims);
    reading.faults.push(...read.faults);
  };
  const around = { now, find };
  for (const [index, row] of rows.slice(0, MAX_KEYS).entries()) {
    add(readKey(ports, row, `keys[${index}].`, { userId }, around));
  }
  const hasToken = keys.some(({ key }) => key.type === 'TOKEN' && key.serviceId === service?.id);
  if (service && !hasToken) {
    const row = { type: 'TOKEN', name: service.name };
    add(readKey(ports, row, '', { userId, serviceId: service.id }, around));
  }
  checkLone(reading, keys);
  return { keys, claims };
}

/** The seed of the second factor of a user; null for none. */
function readSeed(
  { secrets, ids }: Needs,
  reading: Reading,
  userId: Id,
  now: Instant,
): TotpSeed | null {
  const text = reading.text('totp_secret');
  if (text === undefined) return null;
  const seed = parseSeed(text);
  if (seed === null) {
    reading.refuse('totp_secret', NO_SEED);
    return null;
  }
  const id = ids.next();
  const sealed = secrets.seal(seed, sealOwners.factor(id));
  // Confirmed at once, by the writer: it was in use.
  return { id, userId, createdAt: now, expiresAt: now + 1, sealed, step: null, lastUsedAt: null };
}

/** There is one usable TOKEN key, and one usable TOTP key, of a user at a service. */
function checkLone(reading: Reading, keys: readonly ImportedKey[]): void {
  const seen = new Set<string>();
  for (const { key } of keys) {
    if (key.type === 'KEY' || !key.isEnabled) continue;
    const place = `${key.type} ${key.serviceId}`;
    if (seen.has(place)) reading.refuse('keys', `has two usable ${key.type} keys of one service`);
    seen.add(place);
  }
}
