import {
  type Actor,
  type AmendedEntry,
  type Amendment,
  amendedBy,
  amendmentData,
  Forbidden,
  type Id,
  IllegalArgument,
  MAX_AMENDMENTS,
  MAX_DATA_LENGTH,
  may,
  NotFound,
  newIn,
  parseAll,
  parseAuditData,
  parseStatusCode,
  parseSubject,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { amendmentsOf } from '../shared/find-entries.ts';
import { append } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'places' | 'macs' | 'clock' | 'ids'>;

export type AmendAuditEntryInput = {
  readonly id: Id;
  readonly statusCode?: number | undefined;
  readonly subject?: string | undefined;
  readonly data?: unknown;
};

/**
 * Adds to an entry of a service's own what it does not say yet. What an entry says is never replaced: the amendment is
 * an entry of its own in the chain, and readers see the two as one.
 */
export class AmendAuditEntry {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign entries alike, `Forbidden` for entries of Rekey's own, and
   * `IllegalArgument` where the entry would have too many amendments, or too much data.
   */
  async execute(actor: Actor, { id, ...input }: AmendAuditEntryInput): Promise<AmendedEntry> {
    const { statusCode, subject, data } = input;
    const amendment: Amendment = parseAll({
      statusCode: () => (statusCode === undefined ? null : parseStatusCode(statusCode)),
      subject: () => (subject === undefined ? null : parseSubject(subject)),
      data: () => (data === undefined ? null : parseAuditData(data)),
    });
    await this.#ports.places.caughtUp();
    return this.#ports.database.transact(async (stores) => {
      // Amendments of one entry at the same moment take turns.
      const entry = await stores.audit.lock(id);
      if (!entry || !may(actor, 'read audit', entry)) throw new NotFound();
      if (!may(actor, 'amend audit', entry)) throw new Forbidden('forbidden');
      const amendments = await amendmentsOf(stores, entry);
      const amended = amendedBy(entry, amendments);
      const news = newIn(amended, amendment);
      if (news === null) return amended;

      if (amendments.length >= MAX_AMENDMENTS) {
        throw refused('id', `is that of an entry with ${MAX_AMENDMENTS} amendments, the most`);
      }
      const { userId, serviceId } = entry;
      const appended = await append(this.#ports, stores, actor, {
        type: 'sso:AuditUpdate',
        outcome: 'success',
        statusCode: news.statusCode,
        serviceId,
        userId,
        subjectId: id,
        data: amendmentData(news),
      });
      const now = amendedBy(amended, [appended]);
      if (JSON.stringify(now.data).length > MAX_DATA_LENGTH) {
        throw refused('data', `makes more than ${MAX_DATA_LENGTH} characters of the entry's data`);
      }
      return now;
    });
  }
}

const refused = (field: string, message: string) =>
  new IllegalArgument([{ field, message, code: 'out_of_range' }]);
