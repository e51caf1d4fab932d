import type {
  AuditType,
  ChallengeKind,
  Channel,
  EventType,
  Id,
  Instant,
  KeyType,
  NoticeKind,
  Provider,
  Purpose,
  WebhookFailure,
} from '@rekey/domain';
import type { ColumnType, Generated } from 'kysely';

/**
 * The tables, alike on SQLite and PostgreSQL: ids are text, instants are milliseconds since 1970
 * in integers of eight bytes, a flag is 0 or 1. A nullable instant says when something happened, if it has.
 */
export type Schema = {
  services: {
    id: Id;
    created_at: Instant;
    updated_at: Instant;
    is_enabled: Flag;
    name: string;
    url: string;
    user_allow_register: Flag;
    user_email_text: string;
    provider_local_url: string | null;
    provider_github_oauth2_url: string | null;
    provider_microsoft_oauth2_url: string | null;
    provider_google_oauth2_url: string | null;
    sees_all_users: Flag;
    owner_recovery: Flag;
    require_factor: Flag;
    new_device_mail: Flag;
    support_url: string | null;
    /** Of a service that was deleted: its name alone is left, for mails and links that are about it. */
    deleted_at: Instant | null;
  };
  users: {
    id: Id;
    created_at: Instant;
    updated_at: Instant;
    is_enabled: Flag;
    is_locked: Flag;
    is_disabled_by_operator: Flag;
    is_admin: Flag;
    name: string;
    email: string;
    email_valid: Flag;
    email_proven: Flag;
    email_changed: Flag;
    locale: string;
    timezone: string;
    password_hash: string | null;
    credential_version: number;
    device_epoch: number;
    /** JSON: marks of networks. */
    known_networks: string | null;
    password_quality: string | null;
    password_allow_reset: Flag;
    password_require_update: Flag;
    last_login_at: Instant | null;
    created_by: Id | null;
    /** Of an account that is deleted if nobody uses it: since when nobody is known to. */
    idle_since: Instant | null;
    /** Of an account that is locked: since when, and the service whose link locked it last. */
    locked_at: Instant | null;
    locked_through: Id | null;
    /** The address that the way back leads to. */
    recover_to: string | null;
    /** Whether the account was enabled before it was locked first. */
    enabled_before_lock: Flag | null;
    has_totp: Flag;
    has_passkey: Flag;
    /** Whether a login takes a second factor: with the password, and with a provider. */
    factor_at_password: Flag;
    factor_at_provider: Flag;
  };
  /** The hashes of passwords that were replaced or forgotten. */
  past_passwords: {
    user_id: Id;
    hash: string;
    replaced_at: Instant;
    /** Until it is kept for the history alone. */
    is_recent: Flag;
  };
  /** What each service keeps with a user. */
  user_attributes: {
    user_id: Id;
    /** The id of a service, or `all` for what the operator keeps with a user that no service made. */
    service_id: string;
    /** A JSON object. */
    attributes: string;
  };
  /** The users that each service sees: lists and searches read here alone, whoever sees how many. */
  visible_users: {
    /** The id of a service, or `all` for those who see all users. */
    service_id: string;
    user_id: Id;
    is_enabled: Flag;
    /** The folded name in UTF-8: octets have one order in all databases. */
    name_key: Uint8Array;
    /** The folded address in UTF-8. */
    email_key: Uint8Array;
  };
  keys: {
    id: Id;
    created_at: Instant;
    updated_at: Instant;
    is_enabled: Flag;
    is_revoked: Flag;
    type: KeyType;
    name: string;
    service_id: Id | null;
    user_id: Id | null;
    prefix: string | null;
    /** With spaces between them. */
    scopes: string;
    expires_at: Instant | null;
    last_used_at: Instant | null;
    digest: string;
    /** Of the value before a rotation, which is good until the overlap ends. */
    previous_digest: string | null;
    overlap_ends_at: Instant | null;
    sealed: string | null;
    /** The last step of time of which a code was taken. */
    totp_step: number | null;
    /** The `expires_at` that the owner was told of. */
    expiry_told: Instant | null;
  };
  sessions: {
    id: Id;
    created_at: Instant;
    last_used_at: Instant;
    expires_at: Instant;
    ended_at: Instant | null;
    user_id: Id;
    service_id: Id;
    key_id: Id;
    address: string;
    client: string | null;
    /** Names with spaces between them. */
    amr: string;
    /** When something was proven in it last; null where that was the login. */
    authenticated_at: Instant | null;
  };
  /** Of each user one that is confirmed at most, and one that is not. */
  totp_seeds: {
    id: Id;
    created_at: Instant;
    user_id: Id;
    is_confirmed: Flag;
    /** Until when it may be confirmed; null for one that is. */
    expires_at: Instant | null;
    sealed: string;
    /** The last step of time of which a code was taken. */
    step: number | null;
    last_used_at: Instant | null;
  };
  /** Those that are unspent. */
  recovery_codes: {
    user_id: Id;
    digest: string;
  };
  challenges: {
    digest: string;
    kind: ChallengeKind;
    user_id: Id;
    service_id: Id;
    version: number;
    /** Names with spaces between them. */
    amr: string;
    mark: string;
    device_id: Id | null;
    created_at: Instant;
    expires_at: Instant;
  };
  refresh_tokens: {
    digest: string;
    session_id: Id;
    created_at: Instant;
    expires_at: Instant;
    spent_at: Instant | null;
  };
  passkeys: {
    id: Id;
    user_id: Id;
    created_at: Instant;
    last_used_at: Instant | null;
    name: string;
    credential_id: string;
    public_key: string;
    rp_id: string;
    counter: number;
    /** With spaces between them. */
    transports: string;
    is_backup_eligible: Flag;
    is_backed_up: Flag;
    is_user_verified: Flag;
  };
  /** Those that were spent. */
  passkey_challenges: {
    challenge: string;
    expires_at: Instant;
  };
  provider_links: {
    id: Id;
    created_at: Instant;
    last_used_at: Instant | null;
    user_id: Id;
    provider: Provider;
    issuer: string;
    subject: string;
  };
  provider_states: {
    digest: string;
    expires_at: Instant;
    provider: Provider;
    service_id: Id;
    /** Of a link that is to be made; null for a sign-in. */
    user_id: Id | null;
    binding: string | null;
    sealed: string;
  };
  csrf_tokens: {
    digest: string;
    service_id: Id;
    expires_at: Instant;
  };
  one_time_tokens: {
    id: Id;
    purpose: Purpose;
    /** Null once the account was deleted: then nothing personal is left here. */
    user_id: Id | null;
    service_id: Id;
    email: string;
    address: string;
    client: string | null;
    key_id: string;
    created_at: Instant;
    expires_at: Instant;
    version: number | null;
    /** JSON. */
    details: string | null;
    spent_at: Instant | null;
    /** When its mail was corrected to the address that it has now; null where that is the first one. */
    readdressed_at: Instant | null;
  };
  deliveries: {
    id: Id;
    created_at: Instant;
    channel: Channel;
    kind: NoticeKind;
    token_id: Id;
    /** Null for a registration; and once the account was deleted: then the row goes when the mail is sent or dead. */
    user_id: Id | null;
    service_id: Id;
    recipient: string;
    recipient_domain: string;
    locale: string;
    timezone: string;
    deadline: Instant;
    attempts: number;
    due_at: Instant;
    sent_at: Instant | null;
    dead_at: Instant | null;
    reason: string | null;
  };
  throttles: {
    key: string;
    level: number;
    at: Instant;
    forget_at: Instant;
  };
  audit_chains: {
    /** The id of a service, or `operator`. */
    chain: string;
    /** By which its entries name it. */
    number: number;
    length: number;
    hash: string | null;
    pruned: number;
    pruned_hash: string | null;
    pruned_until: Instant | null;
    seal: string;
  };
  /** What very many entries have in common, by number: keys of services, and keys of hashes. */
  audit_names: { number: number; name: string };
  /** Spelled in few octets: see `stores/audit-rows.ts`. */
  audit_entries: {
    /** The number of the chain times 2^40, and the place in it. */
    place: number;
    created_at: Instant;
    id: Buffer;
    type: Buffer;
    /** 1 for a failure. */
    outcome: 1 | null;
    /** Null for 0, and -1 for none. */
    status_code: number | null;
    /** Null for 1. */
    count: number | null;
    user_id: Buffer | null;
    /** The number of a name, as `kid` is. */
    key_id: number | null;
    user_key_id: Buffer | null;
    /** The id of what an entry of Rekey's own is about, or a text of a service. */
    subject: Buffer | null;
    address: Buffer | null;
    client: Buffer | null;
    forwarded: Buffer | null;
    /** A JSON text. */
    data: Buffer | null;
    salt: Buffer | null;
    /** Null where it follows from salt and words. */
    text_digest: Buffer | null;
    /** The key of the hash; null where the hash is a text of another form. */
    kid: number | null;
    hash: Buffer;
  };
  audit_sums: {
    ends_at: Instant;
    /** As in `audit_chains`. */
    chain: string;
    type: AuditType;
    /** Empty for many together. */
    network: string;
    count: number;
  };
  /** What was told and recorded, and has no place in its order yet. */
  pending: {
    /** The database gives it. */
    position: Generated<number>;
    kind: 'event' | 'entry';
    /** The id of a service, or `operator`. */
    owner: string;
    /** JSON. */
    content: string;
  };
  /** The place of the newest event that each service ever had. */
  feeds: {
    service_id: Id;
    last: number;
  };
  events: {
    service_id: Id;
    /** Its place in the feed of the service. */
    sequence: number;
    id: Id;
    created_at: Instant;
    type: EventType;
    user_id: Id | null;
    subject_id: Id | null;
    /** JSON; null for an event of the version before, which said nothing beside its ids. */
    data: string | null;
  };
  kept_answers: {
    id: string;
    fingerprint: string;
    created_at: Instant;
    user_id: Id | null;
    session_id: Id | null;
    sealed: string;
  };
  /** Imports that did not come to their end. */
  imports: {
    source: string;
    fingerprint: string;
    line: number;
    /** JSON. */
    counts: string;
    started_at: Instant;
    updated_at: Instant;
  };
  webhooks: {
    id: Id;
    created_at: Instant;
    updated_at: Instant;
    service_id: Id;
    url: string;
    /** With spaces between them; empty for all. */
    types: string;
    description: string;
    is_enabled: Flag;
    disabled_at: Instant | null;
    overlap_ends_at: Instant | null;
    /** Until its deliveries are pruned: neither its URL nor a secret is left then. */
    deleted_at: Instant | null;
    sealed_secret: string;
    previous_secret: string | null;
    /** The place of the last event of its service that was looked at. */
    place: number;
    /** JSON. */
    replay: string | null;
    /** The number of its last lease. */
    lease: number;
    leased_until: Instant;
  };
  webhook_deliveries: {
    webhook_id: Id;
    event_id: Id;
    sequence: number;
    type: EventType;
    /** When the event happened. */
    created_at: Instant;
    user_id: Id | null;
    attempts: number;
    /** Null for one that is delivered, and while an earlier one of its user is not. */
    due_at: Instant | null;
    delivered_at: Instant | null;
    failing_since: Instant | null;
    failure: WebhookFailure | null;
    status: number | null;
    duration_ms: number | null;
  };
  rekey_migrations: {
    version: number;
    name: string;
  };
};

/** SQLite has no booleans: they become numbers when they are bound. */
type Flag = ColumnType<0 | 1, 0 | 1 | boolean, 0 | 1 | boolean>;
