import type { AuditAction, AuditOutcome } from '@rekey/domain';

/**
 * The tables, the same on SQLite and on PostgreSQL: ids are text, instants are milliseconds since 1970
 * in integers of eight bytes, a flag is 0 or 1. A nullable instant says when something happened, if it has.
 */
export type Schema = {
  services: {
    id: string;
    created_at: number;
    updated_at: number;
    name: string;
    url: string;
    local_url: string | null;
    allow_register: Flag;
    email_text: string | null;
  };
  users: {
    id: string;
    created_at: number;
    updated_at: number;
    is_enabled: Flag;
    name: string;
    email: string;
    locale: string;
    timezone: string;
    password_hash: string | null;
    credential_version: number;
    password_quality: string | null;
    password_allow_reset: Flag;
    password_require_update: Flag;
    created_by: string | null;
  };
  keys: {
    id: string;
    created_at: number;
    updated_at: number;
    is_enabled: Flag;
    is_revoked: Flag;
    type: 'KEY' | 'TOKEN' | 'TOTP';
    name: string;
    service_id: string | null;
    user_id: string | null;
    digest: string | null;
    sealed: string | null;
    /** The last step of time of which a code was taken. */
    totp_step: number | null;
  };
  sessions: {
    id: string;
    created_at: number;
    expires_at: number;
    ended_at: number | null;
    user_id: string;
    service_id: string;
    key_id: string;
  };
  refresh_tokens: {
    digest: string;
    session_id: string;
    created_at: number;
    expires_at: number;
    spent_at: number | null;
  };
  password_changes: {
    id: string;
    created_at: number;
    expires_at: number;
    spent_at: number | null;
    user_id: string;
    service_id: string;
    email: string;
    address: string;
    client: string | null;
    revoke_key_id: string;
  };
  outbox: {
    change_id: string;
    attempts: number;
    due_at: number;
    sent_at: number | null;
    buried_at: number | null;
    reason: string | null;
  };
  throttles: {
    key: string;
    since: number;
    tries: number;
    free_at: number;
    known_until: number;
    forget_at: number;
  };
  audit_chains: {
    /** The id of a service, or `operator`. */
    chain: string;
    length: number;
    hash: string | null;
    pruned: number;
    pruned_hash: string | null;
    seal: string;
  };
  audit_entries: {
    id: string;
    created_at: number;
    chain: string;
    sequence: number;
    action: AuditAction;
    outcome: AuditOutcome;
    user_id: string | null;
    subject_id: string | null;
    address: string | null;
    client: string | null;
    previous_hash: string | null;
    hash: string;
  };
  rekey_migrations: {
    version: number;
    name: string;
  };
};

/** SQLite binds no booleans. */
export type Flag = 0 | 1;

export const flag = (value: boolean): Flag => (value ? 1 : 0);
