import {
  type Actor,
  type AmendedEntry,
  type AuditPlace,
  type Id,
  type Instant,
  may,
  Unauthorized,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { findEntries } from '../shared/find-entries.ts';

type Needs = Pick<Ports, 'database' | 'places'>;

/** Of each list any value fits. */
export type ListAuditInput = {
  readonly ids?: readonly Id[] | undefined;
  readonly types?: readonly string[] | undefined;
  readonly subjects?: readonly string[] | undefined;
  readonly serviceIds?: readonly Id[] | undefined;
  readonly userIds?: readonly Id[] | undefined;
  /** Entries of that instant and later. */
  readonly from?: Instant | undefined;
  /** Entries of that instant and earlier. */
  readonly to?: Instant | undefined;
  /** Where the page before ended. */
  readonly after?: AuditPlace | undefined;
  /** The last entry that was seen, instead. */
  readonly offsetId?: Id | undefined;
  /** Where it is not said: from `from` on the first entries, and without it the last ones. */
  readonly order?: 'asc' | 'desc' | undefined;
  readonly limit: number;
};

type Page = {
  readonly entries: AmendedEntry[];
  /** Where the page ends; null where nothing comes after it. */
  readonly next: AuditPlace | null;
};

/** The last instant that a date can have. */
const END: Instant = 8.64e15;
/** Entries that are read at a time. */
const CHUNK = 50;
/** Characters of data after which a page ends before its limit: entries may have 64 KiB each. */
const MAX_PAGE_LENGTH = 1_048_576;

/** Shows a service what happened through it, and the operator everything. */
export class ListAudit {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * A page ascends by time, and by id within a millisecond; with `order: 'desc'` it descends. Where there is no `from`,
   * or where it descends, it goes back in time from `to` on.
   */
  async execute(actor: Actor, input: ListAuditInput): Promise<Page> {
    const serviceId = actor.kind === 'service' ? actor.service.id : undefined;
    if (!may(actor, 'read audit', { serviceId: serviceId ?? null })) throw new Unauthorized();
    const { ids, types, subjects, userIds, from, to, order, limit } = input;
    const asked = serviceId === undefined ? input.serviceIds : ownOf(serviceId, input);
    const isByType =
      types !== undefined && [ids, subjects, userIds].every((of) => of === undefined);
    const isDescending = order === 'desc' || (order === undefined && from === undefined);
    await this.#ports.places.caughtUp(serviceId === undefined ? undefined : [serviceId]);
    return this.#ports.database.read(async (stores) => {
      const after = input.after ?? (await this.#placeOf(actor, stores, input, isDescending));
      const serviceIds = asked ?? (isByType ? await stores.audit.owners() : undefined);
      const range = { from: from ?? 0, to: to ?? END, after, isDescending };
      const filter = { serviceIds, ids, types, subjects, userIds, ...range };
      // One more, to see whether there are more.
      const places = await stores.audit.list(filter, limit + 1);
      const entries: AmendedEntry[] = [];
      for (
        let size = 0;
        size < MAX_PAGE_LENGTH && entries.length < Math.min(limit, places.length);
      ) {
        const some = places.slice(entries.length, Math.min(entries.length + CHUNK, limit));
        const found = await findEntries(
          stores,
          some.map(({ id }) => id),
        );
        if (found.length === 0) break;
        entries.push(...found);
        size += found.reduce((sum, { data }) => sum + (data ? JSON.stringify(data).length : 0), 0);
      }
      const next = places.length > entries.length ? (entries.at(-1) ?? null) : null;
      return {
        entries: order === 'desc' || !isDescending ? entries : entries.toReversed(),
        next: next && { createdAt: next.createdAt, id: next.id },
      };
    });
  }

  /** An entry that the actor does not see, or that is gone, is a place as well, which tells nothing of it. */
  async #placeOf(
    actor: Actor,
    { audit }: Pick<Stores, 'audit'>,
    { offsetId: id, from, to }: ListAuditInput,
    isDescending: boolean,
  ): Promise<AuditPlace | undefined> {
    if (id === undefined) return undefined;
    const found = await audit.get(id);
    if (found && may(actor, 'read audit', found)) return { createdAt: found.createdAt, id };
    return { createdAt: (isDescending ? to : from) ?? bornAt(id), id };
  }
}

/** Of the services that are asked for the one that asks. */
const ownOf = (serviceId: Id, { serviceIds }: ListAuditInput): Id[] =>
  serviceIds === undefined || serviceIds.includes(serviceId) ? [serviceId] : [];

/** The instant in an id (RFC 9562, 5.7). */
const bornAt = (id: Id): Instant => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
