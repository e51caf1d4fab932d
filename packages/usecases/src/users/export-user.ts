import {
  type Actor,
  type AmendedEntry,
  type Attributes,
  type AuditPlace,
  type Id,
  type Instant,
  type Key,
  NotFound,
  type Passkey,
  type ProviderLink,
  type SeenUser,
  type Session,
} from '@rekey/domain';
import type { OwnDelivery, Ports, Stores } from '../ports/index.ts';
import { findEntries } from '../shared/find-entries.ts';
import { type SeenFactors, seenFactors } from '../shared/seen-factors.ts';
import { seenBy } from '../shared/viewer.ts';

type Needs = Pick<Ports, 'database' | 'places' | 'clock'>;

/** Rows that are read at a time. */
const PAGE = 100;

/** The last instant that a date can have. */
const END: Instant = 8.64e15;

/** All that is kept about a person, as far as the actor may see it; the longer parts are read while they are taken. */
export type ExportedUser = {
  readonly user: SeenUser;
  /** What services keep with the user; of the operator the id is null. */
  readonly attributes: readonly {
    readonly serviceId: Id | null;
    readonly attributes: Attributes;
  }[];
  readonly passkeys: readonly Passkey[];
  readonly keys: AsyncIterable<Key>;
  readonly providerLinks: readonly ProviderLink[];
  /** The one-time codes and how many recovery codes are left, without any secret. */
  readonly factors: SeenFactors;
  /** Open ones, and those that ended a while ago. */
  readonly sessions: AsyncIterable<Session & { readonly endedAt: Instant | null }>;
  readonly mails: AsyncIterable<OwnDelivery>;
  /** What the audit says about the user. */
  readonly audit: AsyncIterable<AmendedEntry>;
};

/** Gives all that is kept about a person, for the person: no secret, no hash, and for a service nothing of another one. */
export class ExportUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `NotFound` for unknown and foreign users alike. */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<ExportedUser> {
    const own = actor.kind === 'service' ? actor.service.id : null;
    await this.#ports.places.caughtUp(own === null ? undefined : [own]);
    const found = await this.#ports.database.read(async (stores) => ({
      user: await seenBy(actor, stores, id),
      attributes: await stores.users.attributesOf(id),
      passkeys: await stores.passkeys.ofUser(id),
      providerLinks: await stores.providerLinks.ofUser(id),
      factors: await seenFactors(stores, id, this.#ports.clock.now()),
    }));
    const { user, attributes, passkeys, providerLinks, factors } = found;
    if (factors === null) throw new NotFound();
    const isOwn = ({ serviceId }: { readonly serviceId: Id | null }) =>
      own === null || serviceId === own;
    const serviceIds = own === null ? undefined : [own];
    return {
      user,
      attributes: attributes.filter(isOwn),
      passkeys,
      providerLinks,
      factors,
      keys: this.#pages(({ keys }, after) =>
        keys.list({ userIds: [id], serviceIds }, { after, limit: PAGE }),
      ),
      sessions: only(
        isOwn,
        this.#pages(({ sessions }, after = '') => sessions.ofUser(id, after, PAGE)),
      ),
      mails: only(
        isOwn,
        this.#pages(({ deliveries }, after = '') => deliveries.ofUser(id, after, PAGE)),
      ),
      audit: this.#entries(id, serviceIds),
    };
  }

  /** All rows of a list by id, a page at a time. */
  async *#pages<Row extends { readonly id: Id }>(
    list: (stores: Stores, after: Id | undefined) => Promise<Row[]>,
  ): AsyncGenerator<Row> {
    for (let after: Id | undefined; ; ) {
      const from = after;
      const rows = await this.#ports.database.read((stores) => list(stores, from));
      yield* rows;
      after = rows.at(-1)?.id;
      if (rows.length < PAGE) return;
    }
  }

  async *#entries(userId: Id, serviceIds: readonly Id[] | undefined): AsyncGenerator<AmendedEntry> {
    const filter = { userIds: [userId], serviceIds, from: 0, to: END, isDescending: false };
    for (let after: AuditPlace | undefined; ; ) {
      const from = after;
      const { places, entries } = await this.#ports.database.read(async (stores) => {
        const places = await stores.audit.list({ ...filter, after: from }, PAGE);
        const ids = places.map(({ id }) => id);
        return { places, entries: await findEntries(stores, ids) };
      });
      yield* entries;
      after = places.at(-1);
      if (places.length < PAGE) return;
    }
  }
}

async function* only<Row>(isWanted: (row: Row) => boolean, rows: AsyncIterable<Row>) {
  for await (const row of rows) if (isWanted(row)) yield row;
}
