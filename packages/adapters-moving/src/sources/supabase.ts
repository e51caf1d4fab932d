import type { Source, SourceRow } from '@rekey/usecases';
import { entriesOf } from '../documents.ts';
import {
  allWithin,
  type Fields,
  type Found,
  flagOf,
  idOf,
  isOver,
  leftOf,
  seedOf,
  textOf,
  timeOf,
  usersOf,
  within,
} from '../fields.ts';
import { firebaseHash, fromBase64, type Password } from '../hashes.ts';
import { type Line, linesOf } from '../lines.ts';
import { beginningOf } from '../peek.ts';
import { recordsOf } from '../tables.ts';

const READ = new Set([
  ...['id', 'email', 'encrypted_password', 'email_confirmed_at', 'banned_until', 'deleted_at'],
  ...[
    'raw_user_meta_data',
    'factors',
    'created_at',
    'updated_at',
    'last_sign_in_at',
    'is_sso_user',
    'is_anonymous',
  ],
  // Every account has them, and says nothing more than that it is one.
  ...['instance_id', 'aud', 'role', 'confirmed_at', 'raw_app_meta_data', 'confirmation_sent_at'],
]);
const NAMES = ['full_name', 'name', 'display_name'];
/** What Supabase itself keeps there. */
const META = new Set([...NAMES, 'email', 'email_verified', 'phone_verified', 'sub']);

/** Users of Supabase, as the query of docs/moving.md writes them: JSON lines, or a table with a header as its editor exports. */
export const supabase: Source = {
  description: 'Supabase: JSON lines or CSV of the query in the documentation',
  async *read(octets): AsyncGenerator<SourceRow> {
    const { first, all } = await beginningOf(octets);
    if (first === '{') yield* usersOf(linesOf(all), userOf);
    else if (first === '[') yield* usersOf(entriesOf(all, ['[]']), userOf);
    else yield* usersOf(usersIn(all), userOf);
  },
};

/** Columns that a table has as JSON. */
const OF_JSON = ['raw_user_meta_data', 'raw_app_meta_data', 'factors'];

async function* usersIn(octets: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let header: readonly string[] | null = null;
  for await (const { line, cells } of recordsOf(octets)) {
    if (header) {
      const names = header;
      const named = cells.map((cell, column) => [names[column] ?? '', cell] as const);
      yield {
        line,
        value: Object.fromEntries(named.map(([name, cell]) => [name, cellOf(name, cell)])),
      };
    } else {
      header = cells;
      const missing = ['id', 'email', 'encrypted_password'].filter((name) => !cells.includes(name));
      if (missing.length === 0) continue;
      throw new Error(`The input is not such an export: its header has no ${missing.join(', ')}.`);
    }
  }
}

function cellOf(name: string, cell: string): unknown {
  if (cell === '' || cell === 'null') return null;
  if (!OF_JSON.includes(name)) return cell;
  try {
    return JSON.parse(cell);
  } catch {
    return null;
  }
}

function userOf(fields: Fields): Found {
  const meta = within(fields.raw_user_meta_data);
  const factors = allWithin(fields.factors).filter(({ status }) => status === 'verified');
  const seeds = factors.map(({ factor_type: type, secret }) =>
    type === 'totp' ? seedOf(secret) : undefined,
  );
  const seed = seeds.find((each) => each !== undefined);
  const password = passwordOf(fields.encrypted_password);
  return {
    user: {
      ...idOf('supabase', fields.id),
      name: textOf(...NAMES.map((name) => meta[name])),
      email: fields.email,
      email_valid: textOf(fields.email_confirmed_at) !== undefined,
      is_enabled: !isBanned(fields.banned_until),
      ...password,
      totp_secret: seed,
      created_at: timeOf(fields.created_at),
      last_login_at: timeOf(fields.last_sign_in_at),
    },
    left: [
      ...leftOf(fields, READ),
      ...leftOf(meta, META, 'raw_user_meta_data.'),
      ...seeds.filter((each) => each === undefined || each !== seed).map(() => 'factors'),
    ],
    faults: [
      ...(textOf(fields.deleted_at) === undefined ? [] : ['was deleted']),
      ...(flagOf(fields.is_anonymous) === true ? ['is anonymous'] : []),
      ...(password === null ? ['has a password hash that cannot be used here'] : []),
    ],
  };
}

/** A ban has an end. */
const isBanned = (until: unknown): boolean => textOf(until) !== undefined && !isOver(until);

/** Of Firebase, as its accounts were taken over: all that a hash needs is in it. */
const FIREBASE =
  /^\$fbscrypt\$v=1,n=(\d{1,2}),r=(\d{1,3}),p=1(?:,ss=([^,$]*))?(?:,sk=([^$]*))?\$([^$]+)\$([^$]+)$/;

/** Null for a hash that the database encrypts with a key that is not in the export. */
function passwordOf(value: unknown): Password | null {
  const text = textOf(value);
  if (text === undefined) return {};
  if (text.startsWith('{')) return null;
  if (!text.startsWith('$fbscrypt$')) return { password_hash: text };
  const [, memCost, rounds, ...octets] = FIREBASE.exec(text) ?? [];
  const [saltSeparator, signerKey, salt, hash] = octets.map((each) => fromBase64(each ?? ''));
  if (!saltSeparator || !signerKey || !salt || !hash) return null;
  const config = { signerKey, saltSeparator, rounds: Number(rounds), memCost: Number(memCost) };
  return { password_hash: firebaseHash(config, { salt, hash }) };
}
