import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sources } from '../../packages/adapters-moving/src/index.ts';
import {
  auth0Hash,
  auth0Profile,
  authnAccount,
  betterAuthUser,
  firebaseAccount,
  firebaseRow,
  keycloakOtp,
  keycloakRealm,
  keycloakUser,
  kratosIdentity,
  lines,
  orionUser,
  supabaseUser,
  zitadelExport,
  zitadelUser,
} from '../../packages/adapters-moving/test/exports.ts';
import type { SourceRow } from '../../packages/usecases/src/index.ts';
import { nasty, worst } from './corpus.ts';
import { fuzz } from './fuzz.ts';

/** Stands in every export, and in no message about one. */
const secret = 'c0rrect-horse-battery';
const firebase = firebaseAccount({
  passwordHash: Buffer.from(secret).toString('base64'),
  salt: 'YQ==',
});
const options = {
  hashConfig: { algorithm: 'SCRYPT', base64_signer_key: 'YQ==', rounds: 8, mem_cost: 14 },
};

const given: readonly (readonly [source: string, text: string])[] = [
  ['users', lines({ name: 'Ada', email: 'ada@example.com', password_hash: secret })],
  ['mojzu-sso', lines({ user: { password_hash: secret }, keys: [{ type: 'Key', value: secret }] })],
  ['orion-users', lines(orionUser(secret))],
  ['kratos', JSON.stringify([kratosIdentity(secret), kratosIdentity(`$sha256$${secret}`)])],
  ['keycloak', JSON.stringify(keycloakRealm(keycloakUser([keycloakOtp(secret)])))],
  ['auth0', lines(auth0Profile(), { id: 'a', entry: auth0Hash(secret) })],
  ['firebase', JSON.stringify({ users: [firebase] })],
  ['firebase', firebaseRow(firebase)],
  ['supabase', lines(supabaseUser(secret))],
  ['supabase', `id,email,encrypted_password\n1,"a@example.com",${secret}\n`],
  ['zitadel', JSON.stringify(zitadelExport(zitadelUser(secret)))],
  ['better-auth', lines(betterAuthUser(secret))],
  ['authn-server', lines(authnAccount(secret))],
];

async function* pieces(octets: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

/** All rows; an export may be refused as a whole, by an error. */
async function read(name: string, octets: Uint8Array, size: number) {
  const rows: SourceRow[] = [];
  try {
    for await (const row of sources[name]?.read(pieces(octets, size), options) ?? [])
      rows.push(row);
    return { rows, refusal: null };
  } catch (error) {
    return { rows, refusal: error as Error };
  }
}

/** What holds of everything that is read of anything. */
function check({ rows, refusal }: Awaited<ReturnType<typeof read>>): void {
  if (refusal) expect(refusal.message).toMatch(/^The (?:input|export) /);
  let last = 0;
  for (const row of rows) {
    expect(row.line).toBeGreaterThan(last);
    last = row.line;
    expect(['user', 'service', 'rootKey', 'faults'].filter((kind) => kind in row)).toHaveLength(1);
    const told = JSON.stringify([row.leftOut, 'faults' in row ? row.faults : [], refusal?.message]);
    expect(told).not.toContain(secret);
  }
}

describe('an export', () => {
  test.each(given)('of %s is read', async (name, text) => {
    const { rows, refusal } = await read(name, Buffer.from(text), 64);
    expect(refusal).toBeNull();
    expect(rows.some((row) => 'user' in row)).toBe(true);
  });

  const edits = fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(40),
      put: fc.oneof(
        nasty.map((text) => Buffer.from(text.slice(0, 200))),
        fc.uint8Array({ maxLength: 4 }),
        fc
          .constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '\n', 'null', '{"users":[')
          .map((text) => Buffer.from(text)),
      ),
    }),
    { minLength: 1, maxLength: 4 },
  );

  test('that is damaged is read as far as it goes, and tells nothing of what it holds', async () => {
    await fuzz(
      'exports',
      fc.tuple(fc.constantFrom(...given), edits, fc.integer({ min: 1, max: 300 })),
      async ([[name, text], changes, size]) => {
        let octets = Buffer.from(text);
        for (const { at, cut, put } of changes) {
          const place = Math.floor(at * octets.length);
          octets = Buffer.concat([octets.subarray(0, place), put, octets.subarray(place + cut)]);
        }
        check(await read(name, octets, size));
      },
    );
  });

  test('has any text in any field', async () => {
    await fuzz(
      'exports',
      fc.tuple(
        fc.constantFrom(...given.filter(([, text]) => /^[[{]/.test(text))),
        fc.oneof(nasty, fc.constantFrom(...Object.values(worst)), fc.constant('constructor')),
        fc.nat(200),
      ),
      async ([[name, text], value, index]) => {
        let count = 0;
        // Every other text, and one name of a field.
        const changed = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, (whole) => {
          count += 1;
          return count === index || (count + index) % 7 === 0 ? JSON.stringify(value) : whole;
        });
        check(await read(name, Buffer.from(changed), 65_536));
      },
    );
  });
});

/** More than the reader may ever hold; the long form has 1 GiB of it. */
const LENGTH = process.env.FUZZ_RUNS ? 2 ** 30 : 2 ** 27;
const MOST = 2 ** 26;

/** A beginning, and then the same octets for ever. */
async function* endless(start: string, unit: string, note: () => void): AsyncGenerator<Uint8Array> {
  yield Buffer.from(start);
  const piece = Buffer.from(unit.repeat(Math.ceil(65_536 / unit.length)));
  for (let length = 0; length < LENGTH; length += piece.length) {
    note();
    yield piece;
  }
}

describe('an input without an end', () => {
  test.each([
    ['users', '', 'a'],
    ['users', '{"name":"', 'a'],
    ['mojzu-sso', '', ' '],
    ['keycloak', '{"users":[{"a":"', 'a'],
    ['keycloak', '{"users":[{"a":"', '\\"'],
    ['keycloak', '{"users":[{"a":', '['],
    ['keycloak', '{"users":[{"a":', '1'],
    ['keycloak', '{"', 'a'],
    ['keycloak', '{"a":"', 'a'],
    ['keycloak', '{"a":', '{"a":'],
    ['keycloak', '', '['],
    ['keycloak', '', ' '],
    ['kratos', '[', '{"a":"a"},'],
    ['firebase', 'a,', 'b,'],
    ['firebase', 'a,"', 'b,'],
    ['supabase', 'id,email,encrypted_password\n', '"'],
    ['supabase', 'id,email,encrypted_password\n', 'a'],
    ['supabase', '', ' '],
  ])('fills no memory: %s, %s and then %s', async (name, start, unit) => {
    const held: number[] = [];
    const note = () => {
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      held.push(arrayBuffers + heapUsed);
    };
    note();
    let rows = 0;
    try {
      for await (const _ of sources[name]?.read(endless(start, unit, note), options) ?? []) {
        rows += 1;
        // What is read is not kept: many short entries may well be.
        if (rows > 100_000) break;
      }
    } catch (error) {
      expect((error as Error).message).toMatch(/^The (?:input|export) /);
    }
    expect(Math.max(...held) - (held[0] ?? 0)).toBeLessThan(MOST);
  });
});
