import {
  type Account,
  type Actor,
  type AuditType,
  type Event,
  formServiceId,
  type Id,
  isProven,
  keyData,
  type News,
  type SeenUser,
  type User,
} from '@rekey/domain';
import type {
  AuditFilter,
  ImportCounts,
  ImportedKey,
  ImportState,
  Ports,
  Stores,
} from '../ports/index.ts';
import { beginChain } from '../shared/begin-chain.ts';
import { giveSome } from '../shared/places.ts';
import { record, recordMany } from '../shared/record.ts';
import { eventOf } from '../shared/tell.ts';
import { type Batch, type Fault, sum } from './batch.ts';
import type { Entry } from './entries.ts';
import type { UserToImport } from './read-user.ts';

export type WriterNeeds = Pick<
  Ports,
  'database' | 'places' | 'foreignHashes' | 'secrets' | 'macs' | 'clock' | 'ids'
>;

/** What becomes of a row whose id or address is there already: it is passed over, it changes what is there, or all is refused. */
export type OnConflict = 'skip' | 'update' | 'fail';

/** Changes a user in a transaction that is open, as the operator does it, and tells and records it. */
export type ChangeUser = {
  change(stores: Stores, actor: Actor, id: Id, changes: UserToImport['named']): Promise<SeenUser>;
};

/** What became of an entry; `overtaken` where the address of the row is another user's by now, or nobody's. */
type Change = 'changed' | 'overtaken' | { readonly refused: string };

/** The entries of what was there already, and those that changed nothing. */
type Done = { readonly changed: ReadonlySet<Entry>; readonly refused: readonly Fault[] };

export type Written = { readonly state: ImportState; readonly faults: readonly Fault[] };

type OfKind<Kind extends Entry['kind']> = Extract<Entry, { readonly kind: Kind }>;

/** A batch whose hashes are in the form in which they are stored, by the line of their users. */
type Prepared = Batch & {
  readonly wrap: boolean;
  readonly hashes: ReadonlyMap<number, string>;
};

/** What is there already of the entries of a batch. */
type Present = {
  readonly byId: ReadonlyMap<Id, Pick<User, 'id' | 'email'>>;
  readonly byEmail: ReadonlyMap<string, Pick<User, 'id' | 'email'>>;
  readonly reserved: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  readonly services: ReadonlySet<Id>;
};

type Verdict =
  | { readonly is: 'new' }
  | { readonly is: 'there'; readonly id: Id }
  | { readonly is: 'wrong'; readonly reason: string };

type Sorted = {
  readonly fresh: readonly Entry[];
  /** Entries of what is there, with its id. */
  readonly known: readonly { readonly entry: Entry; readonly id: Id }[];
  readonly faults: readonly Fault[];
};

/** Writes batches of entries, and decides what becomes of those that are there already. */
export class Writer {
  readonly #ports: WriterNeeds;
  readonly #updateUser: ChangeUser;

  constructor(ports: WriterNeeds, updateUser: ChangeUser) {
    this.#ports = ports;
    this.#updateUser = updateUser;
  }

  /** The slow work, outside of all transactions. */
  async prepare(batch: Batch, wrap: boolean): Promise<Prepared> {
    const hashes = await Promise.all(
      batch.entries.filter(isOf('user')).map(async ({ line, of }): Promise<[number, string][]> => {
        const hash = await this.#hashFor(of, of.user.id, wrap);
        return hash === null ? [] : [[line, hash]];
      }),
    );
    return { ...batch, wrap, hashes: new Map(hashes.flat()) };
  }

  async #hashFor({ foreign }: UserToImport, userId: Id, wrap: boolean): Promise<string | null> {
    return foreign && this.#ports.foreignHashes.adopt(foreign, { wrap, userId });
  }

  /** What `write` would do and tell, as far as that can be known before. */
  async check(
    batch: Batch,
    onConflict: OnConflict,
  ): Promise<{ readonly counts: ImportCounts; readonly faults: readonly Fault[] }> {
    const { fresh, known, faults } = await this.#ports.database.read((stores) =>
      this.#sort(stores, batch.entries, onConflict),
    );
    const all = [...batch.faults, ...faults].sort((a, b) => a.line - b.line);
    return {
      faults: all,
      counts: sum(countsOf(fresh), {
        refused: all.length,
        [onConflict === 'update' ? 'updated' : 'skipped']: known.length,
      }),
    };
  }

  /** Writes a batch and how far the import has come with it, in one transaction. Each user that is there is changed by itself. */
  async write(
    actor: Actor,
    prepared: Prepared,
    state: ImportState,
    onConflict: OnConflict,
  ): Promise<Written> {
    const { database, places } = this.#ports;
    const changed = new Set<Entry>();
    const refused: Fault[] = [];
    for (;;) {
      const left = prepared.entries.filter((entry) => !changed.has(entry));
      const { known } =
        onConflict === 'update'
          ? await database.read((stores) => this.#sort(stores, left, onConflict))
          : { known: [] };
      for (const { entry, id } of known) {
        // A hash that is sealed is one of its user alone, and the row may know no id, or not that one.
        const hash =
          entry.kind === 'user' ? await this.#hashFor(entry.of, id, prepared.wrap) : null;
        const end = await database.transact((stores) =>
          this.#change(stores, actor, entry, id, hash),
        );
        if (end === 'overtaken') continue;
        changed.add(entry);
        if (end !== 'changed') refused.push({ line: entry.line, reasons: [end.refused] });
      }
      const written = await database.transact((stores) =>
        this.#finish(stores, actor, prepared, state, onConflict, { changed, refused }),
      );
      if (written === null) continue;
      // An import tells so much that it would fill the disk until it comes to its end.
      await places.caughtUp();
      return written;
    }
  }

  /**
   * Adds what is new, and writes down how far the import has come. Answers null, and changes nothing, where an entry that
   * is to be changed is there only now.
   */
  async #finish(
    stores: Stores,
    actor: Actor,
    prepared: Prepared,
    state: ImportState,
    onConflict: OnConflict,
    { changed, refused }: Done,
  ): Promise<Written | null> {
    const left = prepared.entries.filter((entry) => !changed.has(entry));
    const { fresh, known, faults } = await this.#sort(stores, left, onConflict);
    if (onConflict === 'fail' && (known.length > 0 || faults.length > 0)) {
      const line = known[0]?.entry.line ?? faults[0]?.line;
      throw new Error(
        `line ${line} is in conflict with what was made since the import began: it stops here`,
      );
    }
    if (onConflict === 'update' && known.length > 0) return null;
    await this.#insert(stores, actor, fresh, prepared, state.source);
    const all = [...prepared.faults, ...refused, ...faults].sort((a, b) => a.line - b.line);
    const after = {
      ...state,
      line: prepared.line,
      counts: sum(sum(state.counts, countsOf(fresh)), {
        refused: all.length,
        updated: changed.size - refused.length,
        skipped: known.length,
      }),
      updatedAt: this.#ports.clock.now(),
    };
    await stores.imports.keepState(after);
    return { state: after, faults: all };
  }

  /** Sorts entries by whether they are there already. */
  async #sort(stores: Stores, entries: readonly Entry[], onConflict: OnConflict): Promise<Sorted> {
    const present = await this.#present(stores, entries);
    const fresh: Entry[] = [];
    const known: { entry: Entry; id: Id }[] = [];
    const faults: Fault[] = [];
    for (const entry of entries) {
      const verdict = verdictOn(entry, present, onConflict);
      if (verdict.is === 'new') fresh.push(entry);
      else if (verdict.is === 'wrong') faults.push({ line: entry.line, reasons: [verdict.reason] });
      else if (onConflict === 'fail')
        faults.push({ line: entry.line, reasons: ['is there already'] });
      else known.push({ entry, id: verdict.id });
    }
    return { fresh, known, faults };
  }

  async #present({ imports, services }: Stores, entries: readonly Entry[]): Promise<Present> {
    const users = entries.filter(isOf('user')).map(({ of }) => of);
    const emails = users.map(({ user }) => user.email);
    const ids = users.filter(({ hasId }) => hasId).map(({ user }) => user.id);
    const found = await imports.usersWith(ids, emails);
    const keys = entries.flatMap(claimedKeys);
    const taken = await imports.keysWith(
      keys.filter(({ isId }) => isId).map(({ name }) => name),
      keys.filter(({ isId }) => !isId).map(({ name }) => name),
    );
    const offered = entries.filter(isOf('service')).map(({ of }) => of.service.id);
    const there = new Set<Id>();
    for (const id of offered) if ((await services.find(id)) !== null) there.add(id);
    return {
      byId: new Map(found.map((user) => [user.id, user])),
      byEmail: new Map(found.map((user) => [user.email, user])),
      reserved: new Set(await imports.reserved(emails, this.#ports.clock.now())),
      keys: new Set(
        taken.flatMap(({ id, digest, previousDigest }) => [id, digest, previousDigest ?? '']),
      ),
      services: there,
    };
  }

  /** Adds what is new, with all that others are told of it and that is recorded. */
  async #insert(
    stores: Stores,
    actor: Actor,
    entries: readonly Entry[],
    { hashes, watchers }: Prepared,
    source: string,
  ): Promise<void> {
    if (entries.length === 0) return;
    const { imports, services, factors } = stores;
    const now = this.#ports.clock.now();
    const made = entries.filter(isOf('service'));
    for (const { of } of made) await services.insert(of.service);
    const users = entries.filter(isOf('user'));
    const keys = [
      ...entries.filter(isOf('root key')).map(({ of }) => of),
      ...[...made, ...users].flatMap(({ of }) => of.keys),
    ];
    // Kept, so that none of them is deleted meanwhile.
    for (const id of new Set(users.flatMap(({ of }) => namedBy(of)))) {
      if ((await services.keep(id)) === null) throw new Error('a service was deleted meanwhile');
    }
    await imports.insertUsers(
      users.map(({ line, of: { user, attributes } }) => ({
        user,
        attributes,
        passwordHash: hashes.get(line) ?? null,
        idleSince: isProven(user) ? null : now,
      })),
    );
    for (const { of } of users) {
      if (of.seed === null) continue;
      await factors.insertSeed(of.seed);
      await factors.confirmSeed(of.seed.id, 0, of.seed.createdAt);
    }
    await imports.insertKeys(keys);
    await imports.insertEvents(users.flatMap(({ of }) => this.#eventsOf(of, watchers)));

    for (const { of } of made) {
      const chain = { serviceId: of.service.id, subjectId: null };
      await beginChain(this.#ports, stores, actor, chain);
    }
    // The entries of the keys of a user name the user.
    const keyless = users.filter(({ of }) => of.keys.length === 0);
    const ofUsers = keyless.map(({ of: { user } }) => {
      return entry('sso:UserCreate', {
        serviceId: user.createdBy,
        userId: user.id,
        subjectId: user.id,
      });
    });
    const ofKeys = keys.map(({ key: { id, serviceId, userId } }) => {
      const type = serviceId === null ? 'rekey:RootKeyCreate' : 'sso:KeyCreate';
      return entry(type, { serviceId, userId, subjectId: id });
    });
    const admins = users
      .filter(({ of }) => of.user.isAdmin)
      .map(({ of: { user } }) => {
        return entry('rekey:RoleGrant', {
          serviceId: formServiceId,
          userId: user.id,
          subjectId: user.id,
        });
      });
    const whole = {
      ...entry('rekey:Import', { serviceId: null, userId: null, subjectId: null }),
      count: entries.length,
      data: { source },
    };
    await recordMany(this.#ports, stores, actor, [...ofUsers, ...ofKeys, ...admins, whole]);
  }

  /** The events of a new user: all services that see it learn of it, and each of its own keys. */
  #eventsOf({ user, keys }: UserToImport, watchers: readonly Id[]): Event[] {
    const { clock, ids } = this.#ports;
    const event = (news: News): Event => eventOf(news, ids.next(), clock.now());
    const userId = user.id;
    const seeing = keys.filter(({ key }) => key.type !== 'TOTP').map(({ key }) => key.serviceId);
    const viewers = new Set([user.createdBy, ...seeing, ...watchers].filter((id) => id !== null));
    return [
      ...[...viewers].map((id) => event({ type: 'user.created', serviceId: id, userId })),
      ...keys.map(({ key }) => {
        const of = { serviceId: key.serviceId ?? '', userId, subjectId: key.id };
        return event({ ...of, type: 'key.created', data: keyData(key) });
      }),
    ];
  }

  /**
   * Changes what is there: the fields that the row names, and the keys that it has beside. No address is changed, and a
   * password only where an import brought the one that is there and nobody has used the account here. Nothing comes back
   * that was taken away here: nobody is enabled, and neither a role nor a key is given after one was taken back.
   */
  async #change(
    stores: Stores,
    actor: Actor,
    entry: Entry,
    id: Id,
    hash: string | null,
  ): Promise<Change> {
    if (entry.kind === 'root key') return 'changed';
    const { imports } = stores;
    const taken = await imports.keysWith(
      entry.of.keys.map(({ key }) => key.id),
      entry.of.keys.map(({ secret }) => secret.digest),
    );
    const isTaken = ({ key, secret }: ImportedKey) =>
      taken.some(
        ({ id, digest, previousDigest }) =>
          [digest, previousDigest].includes(secret.digest) || id === key.id,
      );
    const missing = entry.of.keys.filter((key) => !isTaken(key));
    if (entry.kind === 'service') {
      const found = await stores.services.lock(id);
      if (found === null) return { refused: 'is a service that was deleted' };
      const updatedAt = this.#ports.clock.now();
      await stores.services.update({ ...found, ...notEnabling(entry.of.fields), updatedAt });
      for (const key of missing) {
        const of = { serviceIds: [id], subjects: [key.key.id] };
        if (await this.#isRecorded(stores, { ...of, types: ['sso:KeyDelete'] })) continue;
        await this.#addKeys(stores, actor, [key], { serviceId: id });
      }
      const type = 'sso:ServiceUpdate';
      await record(this.#ports, stores, actor, { type, serviceId: id, subjectId: id });
      return 'changed';
    }
    const account = await stores.users.lock(id);
    if (account === null) return { refused: 'is a user who was deleted meanwhile' };
    if (account.user.email !== entry.of.user.email) return 'overtaken';
    if (account.user.isLocked) {
      return { refused: 'is a user whose owner locked the account: it stays as it is' };
    }
    if (hash !== null) await this.#renewPassword(stores, account, hash);
    const { emailValid, emailProven, isAdmin } = entry.of.user;
    const isNews = emailProven ? !account.user.emailProven : emailValid && !account.user.emailValid;
    const now = this.#ports.clock.now();
    if (isNews) await stores.users.markValid(id, emailProven, now);
    await this.#updateUser.change(stores, actor, id, notEnabling(entry.of.named));
    const userIds = [id];
    const services = missing.map(({ key }) => key.serviceId);
    const changes = { userIds, serviceIds: [...new Set(services)], types: KEY_CHANGES };
    const hasItsKeys = account.credential.version === 1 && missing.length > 0;
    if (hasItsKeys && !(await this.#isRecorded(stores, changes))) {
      await this.#addKeys(stores, actor, missing, { userId: id });
    }
    const revoked = { userIds, serviceIds: [formServiceId], types: ['rekey:RoleRevoke'] };
    if (isAdmin && !account.user.isAdmin && !(await this.#isRecorded(stores, revoked))) {
      await stores.users.setAdmin(id, true, now);
      const of = { serviceId: formServiceId, userId: id, subjectId: id };
      await record(this.#ports, stores, actor, { type: 'rekey:RoleGrant', ...of });
    }
    return 'changed';
  }

  async #isRecorded(
    stores: Stores,
    filter: Pick<AuditFilter, 'serviceIds' | 'types' | 'userIds' | 'subjects'>,
  ): Promise<boolean> {
    // What was recorded until now, and may still be pending, gets its place here.
    await stores.pending.takeTurn({ isPatient: true });
    while ((await giveSome(this.#ports, stores)).isMoreToDo);
    const ever = { from: 0, to: this.#ports.clock.now(), isDescending: true };
    return (await stores.audit.list({ ...filter, ...ever }, 1)).length > 0;
  }

  /**
   * A password of the other system takes the place of another one of it that nobody used here: the owner has seen no other.
   * One that was chosen here stays, also before the first login with it.
   */
  async #renewPassword(
    { users }: Stores,
    { user, credential }: Account,
    hash: string,
  ): Promise<void> {
    const { version, networks, sealedQuality, passwordHash } = credential;
    const isUnused = version === 1 && networks === null && sealedQuality === null;
    const { clock, foreignHashes } = this.#ports;
    const isOfHere = passwordHash !== null && !foreignHashes.isAdopted(passwordHash);
    if (!isUnused || isOfHere) return;
    const now = clock.now();
    if (passwordHash !== null) await users.upgradeHash(user.id, passwordHash, hash);
    else await users.changePassword(user.id, version, hash, now);
  }

  async #addKeys(
    stores: Stores,
    actor: Actor,
    keys: readonly ImportedKey[],
    owner: Partial<Pick<ImportedKey['key'], 'userId' | 'serviceId'>>,
  ): Promise<void> {
    for (const { key, secret } of keys) {
      const added = { ...key, ...owner };
      // A usable TOKEN or TOTP key that is there stays the only one.
      if (!(await stores.keys.insert(added, secret))) continue;
      const { id: subjectId, serviceId, userId } = added;
      const of = { serviceId, userId, subjectId };
      await record(this.#ports, stores, actor, { type: 'sso:KeyCreate', ...of });
    }
  }
}

/** What is recorded of a user once a key is not any more as it was given. */
const KEY_CHANGES: readonly AuditType[] = [
  'sso:KeyUpdate',
  'sso:KeyDelete',
  'sso:AuthKeyRevoke',
  'rekey:KeyRevoke',
  'rekey:KeyRotate',
];

/** Without the word that somebody is enabled: who is not was disabled, here or by an earlier row. */
const notEnabling = <Named extends { readonly isEnabled?: boolean | undefined }>({
  isEnabled,
  ...others
}: Named) => ({ ...others, ...(isEnabled === false && { isEnabled }) });

const entry = (
  type: AuditType,
  of: { readonly serviceId: Id | null; readonly userId: Id | null; readonly subjectId: Id | null },
) => ({ type, ...of });

const isOf =
  <Kind extends Entry['kind']>(kind: Kind) =>
  (each: Entry): each is OfKind<Kind> =>
    each.kind === kind;

/** The services that a user refers to. */
const namedBy = ({ user, keys }: UserToImport): Id[] =>
  [user.createdBy, ...keys.map(({ key }) => key.serviceId)].filter((id) => id !== null);

const countsOf = (entries: readonly Entry[]): ImportCounts => {
  const keys = entries.map(({ kind, of }) => (kind === 'root key' ? 1 : of.keys.length));
  return {
    users: entries.filter(isOf('user')).length,
    services: entries.filter(isOf('service')).length,
    keys: keys.reduce((all, each) => all + each, 0),
    updated: 0,
    skipped: 0,
    refused: 0,
  };
};

/** The ids and digests that the keys of an entry claim. */
function claimedKeys({ of, kind }: Entry): { readonly name: string; readonly isId: boolean }[] {
  const claims =
    kind === 'root key' ? [`key ${of.key.id}`, `value ${of.secret.digest}`] : of.claims;
  return claims
    .filter((claim) => /^(?:key|value) /.test(claim))
    .map((claim) => ({
      name: claim.slice(claim.indexOf(' ') + 1),
      isId: claim.startsWith('key '),
    }));
}

function verdictOn(entry: Entry, present: Present, onConflict: OnConflict): Verdict {
  const hasTakenKey = claimedKeys(entry).some(({ name }) => present.keys.has(name));
  const takenKey = {
    is: 'wrong',
    reason: 'has the id or the value of a key that is there',
  } as const;
  if (entry.kind === 'root key') {
    return hasTakenKey ? { is: 'there', id: entry.of.key.id } : { is: 'new' };
  }
  if (entry.kind === 'service') {
    const { id } = entry.of.service;
    if (present.services.has(id)) return { is: 'there', id };
    return hasTakenKey ? takenKey : { is: 'new' };
  }
  const { user, hasId } = entry.of;
  const byId = hasId ? present.byId.get(user.id) : undefined;
  const byEmail = present.byEmail.get(user.email);
  if (byId === undefined && byEmail === undefined) {
    if (present.reserved.has(user.email)) {
      return {
        is: 'wrong',
        reason: 'email is one that the owner of another account can still take back',
      };
    }
    return hasTakenKey ? takenKey : { is: 'new' };
  }
  // Whoever passes over what is there passes over all of these.
  if (onConflict !== 'update') return { is: 'there', id: user.id };
  if (byId !== undefined && byId.email !== user.email) {
    return {
      is: 'wrong',
      reason: 'has the id of a user with another address, which an import does not change',
    };
  }
  if (byEmail !== undefined && hasId && byEmail.id !== user.id) {
    return { is: 'wrong', reason: 'has the address of a user with another id' };
  }
  return { is: 'there', id: byEmail?.id ?? user.id };
}
