import {
  type AuditEntry,
  auditActions,
  auditOutcomes,
  type Key,
  keyTypes,
  type PasswordQuality,
  type User,
} from '@rekey/domain';
import { type Static, Type } from 'typebox';

const strict = { additionalProperties: false };
const Uuid = Type.String({ format: 'uuid' });
const Time = Type.String({ format: 'date-time' });
// As one type: a union makes the serializer try its members one by one.
const nullable = <T>(type: string) => Type.Unsafe<T | null>({ type: [type, 'null'] });

export const NewUser = Type.Object(
  {
    is_enabled: Type.Boolean(),
    name: Type.String(),
    email: Type.String(),
    locale: Type.Optional(Type.String()),
    timezone: Type.Optional(Type.String()),
    password: Type.Optional(Type.String()),
    password_allow_reset: Type.Optional(Type.Boolean()),
    password_require_update: Type.Optional(Type.Boolean()),
  },
  strict,
);

export const NewKey = Type.Object(
  { is_enabled: Type.Boolean(), type: Type.Enum(keyTypes), name: Type.String(), user_id: Uuid },
  strict,
);

export const Credentials = Type.Object({ email: Type.String(), password: Type.String() }, strict);

export const NewPassword = Type.Object(
  { email: Type.String(), password: Type.String(), new_password: Type.String() },
  strict,
);

export const GivenToken = Type.Object({ token: Type.String() }, strict);
export const GivenKey = Type.Object({ key: Type.String() }, strict);
export const GivenCode = Type.Object({ user_id: Uuid, totp: Type.String() }, strict);

/** What may be asked of the audit; in a query everything is text. `after`: the `next` of the page before. */
export const AuditQuery = Type.Object(
  {
    user_id: Type.Optional(Uuid),
    action: Type.Optional(Type.Enum(auditActions)),
    from: Type.Optional(Time),
    to: Type.Optional(Time),
    after: Type.Optional(
      Type.String({
        pattern: '^\\d{1,15}\\.[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}$',
        description: 'the next of a page',
      }),
    ),
    limit: Type.Optional(
      Type.String({ pattern: '^([1-9]\\d?|100)$', description: 'a whole number from 1 to 100' }),
    ),
  },
  strict,
);

// What follows is answered: a response schema is a white list.

export const UserOut = Type.Object({
  id: Uuid,
  created_at: Time,
  updated_at: Time,
  is_enabled: Type.Boolean(),
  name: Type.String(),
  email: Type.String(),
  locale: Type.String(),
  timezone: Type.String(),
  password_allow_reset: Type.Boolean(),
  password_require_update: Type.Boolean(),
});

export const KeyOut = Type.Object({
  id: Uuid,
  created_at: Time,
  updated_at: Time,
  is_enabled: Type.Boolean(),
  is_revoked: Type.Boolean(),
  type: Type.Enum(keyTypes),
  name: Type.String(),
  service_id: nullable<string>('string'),
  user_id: nullable<string>('string'),
});

export const AuditEntryOut = Type.Object({
  id: Uuid,
  created_at: Time,
  service_id: nullable<string>('string'),
  user_id: nullable<string>('string'),
  subject_id: nullable<string>('string'),
  action: Type.Enum(auditActions),
  outcome: Type.Enum(auditOutcomes),
  address: nullable<string>('string'),
  client: nullable<string>('string'),
  sequence: Type.Integer(),
  previous_hash: nullable<string>('string'),
  hash: Type.String(),
});

export const Meta = Type.Object({
  password_strength: nullable<number>('integer'),
  password_pwned: nullable<boolean>('boolean'),
});

/** `token_expires`: seconds since 1970. */
export const Token = Type.Object({ token: Type.String(), token_expires: Type.Integer() });

export const UserCreated = Type.Object({ meta: Meta, data: UserOut });
export const UserRead = Type.Object({ data: UserOut });
export const KeyCreated = Type.Object({
  data: Type.Object({ key: KeyOut, value: Type.String() }),
});
export const KeyRead = Type.Object({ data: KeyOut });
export const LoggedIn = Type.Object({ meta: Meta, user: UserOut, access: Token, refresh: Token });
export const PasswordUpdated = Type.Object({ meta: Meta });
export const TokenVerified = Type.Object({ user: UserOut, access: Token });
export const TokenRefreshed = Type.Object({ user: UserOut, access: Token, refresh: Token });
export const KeyVerified = Type.Object({ user: UserOut, key: KeyOut });
/** `audit`: the id of the entry in the audit. */
export const Audited = Type.Object({ audit: Uuid });
export const Unaudited = Type.Object({ audit: Type.Null() });
export const AuditRead = Type.Object({ data: AuditEntryOut });
/** `next`: what `after` is to be for the next page; null on the last one. */
export const AuditListed = Type.Object({
  data: Type.Array(AuditEntryOut),
  next: nullable<string>('string'),
});

const time = (instant: number) => new Date(instant).toISOString();

/** Made once for each: the database answers the same entity until something changes, and instants take time to write. */
function once<Entity extends object, Out>(make: (entity: Entity) => Out): (entity: Entity) => Out {
  const made = new WeakMap<Entity, Out>();
  return (entity) => {
    const known = made.get(entity);
    if (known) return known;
    const out = make(entity);
    made.set(entity, out);
    return out;
  };
}

export const userOut = once(
  (user: User): Static<typeof UserOut> => ({
    id: user.id,
    created_at: time(user.createdAt),
    updated_at: time(user.updatedAt),
    is_enabled: user.isEnabled,
    name: user.name,
    email: user.email,
    locale: user.locale,
    timezone: user.timezone,
    password_allow_reset: user.passwordAllowReset,
    password_require_update: user.passwordRequireUpdate,
  }),
);

export const keyOut = once(
  (key: Key): Static<typeof KeyOut> => ({
    id: key.id,
    created_at: time(key.createdAt),
    updated_at: time(key.updatedAt),
    is_enabled: key.isEnabled,
    is_revoked: key.isRevoked,
    type: key.type,
    name: key.name,
    service_id: key.serviceId,
    user_id: key.userId,
  }),
);

export const auditEntryOut = (entry: AuditEntry): Static<typeof AuditEntryOut> => ({
  id: entry.id,
  created_at: time(entry.createdAt),
  service_id: entry.serviceId,
  user_id: entry.userId,
  subject_id: entry.subjectId,
  action: entry.action,
  outcome: entry.outcome,
  address: entry.origin?.address ?? null,
  client: entry.origin?.client ?? null,
  sequence: entry.sequence,
  previous_hash: entry.previousHash,
  hash: entry.hash,
});

export const metaOut = (quality: PasswordQuality | null): Static<typeof Meta> => ({
  password_strength: quality?.strength ?? null,
  password_pwned: quality?.isPwned ?? null,
});

export const tokenOut = (token: string, expiresAt: number): Static<typeof Token> => ({
  token,
  token_expires: Math.floor(expiresAt / 1000),
});
