import { hash } from 'node:crypto';
import {
  type AuditEntry,
  type AuditOutcome,
  type AuditText,
  auditText,
  type Id,
  type Instant,
  isCustom,
  type JsonObject,
} from '@rekey/domain';
import type { Schema } from '../schema.ts';
import {
  addresses,
  clients,
  digests,
  hashes,
  idOf,
  ids,
  salts,
  types,
  words,
} from './audit-octets.ts';
import { nameOf, ownerOf } from './chain-names.ts';

/** An entry in one row of texts and numbers: as exports have it, and as tables had it before they held octets. */
export type PlainRow = {
  readonly id: Id;
  readonly created_at: Instant;
  readonly chain: string;
  readonly sequence: number;
  readonly type: AuditEntry['type'];
  readonly outcome: AuditOutcome;
  readonly status_code: number | null;
  readonly user_id: Id | null;
  readonly key_id: Id | null;
  readonly user_key_id: Id | null;
  readonly subject: string | null;
  readonly address: string | null;
  readonly client: string | null;
  readonly forwarded: string | null;
  /** A JSON text. */
  readonly data: string | null;
  readonly salt: string | null;
  readonly text_digest: string | null;
  readonly count: number;
  readonly previous_hash: string | null;
  readonly hash: string;
};

export const PLAIN_COLUMNS: readonly (keyof PlainRow)[] = [
  'id',
  'created_at',
  'chain',
  'sequence',
  'type',
  'outcome',
  'status_code',
  'user_id',
  'key_id',
  'user_key_id',
  'subject',
  'address',
  'client',
  'forwarded',
  'data',
  'salt',
  'text_digest',
  'count',
  'previous_hash',
  'hash',
];

/** The columns of a row but for its place, with names that are to be numbers. */
export type PackedRow = Omit<Schema['audit_entries'], 'place' | 'key_id' | 'kid'> & {
  readonly key_id: string | null;
  readonly kid: string | null;
};

/** The columns of octets, which are read as hexadecimal digits: drivers make texts much faster than Buffers. */
export const OCTETS = [
  'id',
  'type',
  'user_id',
  'user_key_id',
  'subject',
  'address',
  'client',
  'forwarded',
  'data',
  'salt',
  'text_digest',
  'hash',
] as const satisfies readonly (keyof Schema['audit_entries'])[];
type Octets = (typeof OCTETS)[number];

/** Digits; SQLite has none for nothing. */
type Hex = string | null;

/** A row as it is read: with its chain, and the hash of the entry before. */
export type ReadRow = Omit<PackedRow, Octets> & { readonly [Column in Octets]: Hex } & {
  readonly chain: string;
  readonly sequence: number;
  /** As the id of its key, a colon and digits; or, of an entry that is pruned, as it is kept. */
  readonly hashBefore: string | null;
};

type Spelling = typeof ids;
const packedBy = ({ encode }: Spelling, text: string | null) =>
  text === null ? null : encode(text);
const octetsOf = (hex: Hex): Buffer => Buffer.from(hex ?? '', 'hex');
/** Nearly all of them are UUIDs, whose digits are there already. */
const readText = (hex: Hex) => (hex?.length === 32 ? idOf(hex.toLowerCase()) : readBy(ids, hex));
const readBy = ({ decode }: Spelling, hex: Hex) => (hex ? decode(octetsOf(hex)) : null);

/** Octets of the time in a UUIDv7. */
const TIME_SIZE = 6;
/** Octets of the id of an entry that was made when its id says. */
export const REST_SIZE = 16 - TIME_SIZE;

/** The id of an entry: without its time where that is the one of the entry. The empty text comes before all ids. */
export function packedId(id: Id | '', createdAt: Instant): Buffer {
  if (id === '') return Buffer.alloc(0);
  const octets = ids.encode(id);
  return timeIn(octets) === createdAt ? octets.subarray(TIME_SIZE) : octets;
}

/** When an id was made, if it says so. */
export const timeIn = (octets: Buffer): Instant | null =>
  octets.length === 16 ? octets.readUIntBE(0, TIME_SIZE) : null;

/** The id of an entry, of its digits. */
export function readId(hex: string, createdAt: Instant): Id {
  if (hex.length !== 2 * REST_SIZE) return readText(hex) ?? '';
  const time = createdAt.toString(16).padStart(2 * TIME_SIZE, '0');
  return idOf(time + hex.toLowerCase());
}

const NO_STATUS = -1;

export function packed(row: PlainRow): PackedRow {
  const { kid, octets: hash } = hashes.encode(row.hash);
  return {
    created_at: row.created_at,
    id: packedId(row.id, row.created_at),
    type: types.encode(row.type),
    outcome: row.outcome === 'failure' ? 1 : null,
    status_code: row.status_code === 0 ? null : (row.status_code ?? NO_STATUS),
    count: row.count === 1 ? null : row.count,
    user_id: packedBy(ids, row.user_id),
    key_id: row.key_id,
    user_key_id: packedBy(ids, row.user_key_id),
    subject: packedBy(ids, row.subject),
    address: packedBy(addresses, row.address),
    client: packedBy(clients, row.client),
    forwarded: packedBy(words, row.forwarded),
    data: packedBy(words, row.data),
    salt: packedBy(salts, row.salt),
    text_digest: row.text_digest === digestOf(row) ? null : packedBy(digests, row.text_digest),
    kid,
    hash,
  };
}

export function plain(row: ReadRow): PlainRow {
  const { chain, sequence, created_at } = row;
  const entry = {
    id: readId(row.id ?? '', created_at),
    created_at,
    chain,
    sequence,
    type: types.decode(octetsOf(row.type)) as AuditEntry['type'],
    outcome: row.outcome === null ? ('success' as const) : ('failure' as const),
    status_code: row.status_code === NO_STATUS ? null : (row.status_code ?? 0),
    user_id: readText(row.user_id),
    key_id: row.key_id,
    user_key_id: readText(row.user_key_id),
    subject: readText(row.subject),
    address: readBy(addresses, row.address),
    client: readBy(clients, row.client),
    forwarded: readBy(words, row.forwarded),
    data: readBy(words, row.data),
    salt: readBy(salts, row.salt),
    text_digest: readBy(digests, row.text_digest),
    count: row.count ?? 1,
    previous_hash: readHash(row.hashBefore),
    hash: hashes.decode(row.kid, octetsOf(row.hash)),
  };
  return { ...entry, text_digest: entry.text_digest ?? digestOf(entry) };
}

/** No hash as it is kept has a colon. */
function readHash(text: string | null): string | null {
  const [kid = '', hex] = text?.split(':') ?? [];
  return hex === undefined ? text : hashes.decode(kid || null, octetsOf(hex));
}

/** The digest that `Macs` makes of a text, so that it need not be kept beside the text; null where there is none. */
function digestOf(row: Pick<PlainRow, keyof TextColumns | 'salt' | 'type'>): string | null {
  const text = auditText(textOf(row));
  if (text === null || row.salt === null) return null;
  const salt = Buffer.from(row.salt, 'base64url');
  return hash('sha256', Buffer.concat([salt, Buffer.from(text)]), 'base64url');
}

type TextColumns = Pick<PlainRow, 'subject' | 'address' | 'client' | 'forwarded' | 'data'>;

const textOf = ({
  type,
  subject,
  address,
  client,
  forwarded,
  data,
}: TextColumns & Pick<PlainRow, 'type'>): AuditText => ({
  origin: address === null ? null : { address, client, ...(forwarded !== null && { forwarded }) },
  subject: isCustom(type) ? subject : null,
  data: data === null ? null : read(data),
});

/** The data of an entry. A text that is no JSON was not written here: it is shown to be verified, and not to be trusted. */
function read(data: string): JsonObject {
  try {
    return JSON.parse(data);
  } catch {
    return { unreadable: data };
  }
}

/** In the order of properties that lines of an export have. */
export const asEntry = (row: PlainRow): AuditEntry => ({
  id: row.id,
  createdAt: row.created_at,
  sequence: row.sequence,
  type: row.type,
  outcome: row.outcome,
  statusCode: row.status_code,
  userId: row.user_id,
  keyId: row.key_id,
  userKeyId: row.user_key_id,
  salt: row.salt,
  textDigest: row.text_digest,
  count: row.count,
  previousHash: row.previous_hash,
  hash: row.hash,
  serviceId: ownerOf(row.chain),
  subjectId: isCustom(row.type) ? null : row.subject,
  ...textOf(row),
});

export const asRow = (entry: AuditEntry): PlainRow => ({
  id: entry.id,
  created_at: entry.createdAt,
  chain: nameOf(entry.serviceId),
  sequence: entry.sequence,
  type: entry.type,
  outcome: entry.outcome,
  status_code: entry.statusCode,
  user_id: entry.userId,
  key_id: entry.keyId,
  user_key_id: entry.userKeyId,
  subject: entry.subjectId ?? entry.subject,
  address: entry.origin?.address ?? null,
  client: entry.origin?.client ?? null,
  forwarded: entry.origin?.forwarded ?? null,
  data: entry.data && JSON.stringify(entry.data),
  salt: entry.salt,
  text_digest: entry.textDigest,
  count: entry.count,
  previous_hash: entry.previousHash,
  hash: entry.hash,
});
