import {
  type Actor,
  type AmendedEntry,
  amendedBy,
  type Id,
  IllegalArgument,
  may,
  parseAll,
  parseAuditData,
  parseCustomType,
  parseSubject,
  Unauthorized,
  unplaced,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { recordCustom } from '../shared/record-custom.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

export type CreateAuditEntryInput = {
  readonly type: string;
  readonly subject?: string | undefined;
  readonly data?: unknown;
  readonly userId?: Id | undefined;
  readonly userKeyId?: Id | undefined;
};

/** Adds an entry of a service's own to its audit, or one of the operator to the operator's. */
export class CreateAuditEntry {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `IllegalArgument` for types that are Rekey's own, and for users and keys that the actor does not see. */
  async execute(actor: Actor, input: CreateAuditEntryInput): Promise<AmendedEntry> {
    if (!may(actor, 'write audit', null)) throw new Unauthorized();
    const { subject, data, userId, userKeyId } = input;
    const asked = parseAll({
      type: () => parseCustomType(input.type),
      subject: () => (subject === undefined ? undefined : parseSubject(subject)),
      data: () => (data === undefined ? undefined : parseAuditData(data)),
    });
    return this.#ports.database.transact(async (stores) => {
      const about = await aboutWhom(stores, actor, userId, userKeyId);
      return amendedBy(unplaced(await recordCustom(this.#ports, stores, actor, asked, about)), []);
    });
  }
}

/** The user and the key that an entry names, as far as the actor sees them. */
async function aboutWhom(
  { users, keys }: Stores,
  actor: Actor,
  userId: Id | undefined,
  userKeyId: Id | undefined,
): Promise<{ readonly userId: Id | null; readonly userKeyId: Id | null }> {
  const serviceId = actor.kind === 'service' ? actor.service.id : null;
  const refused = (field: string, thing: string) => ({
    field,
    message: `is not the id of a ${thing} whom you see`,
    code: 'unknown' as const,
  });
  const key = userKeyId === undefined ? null : await keys.get(userKeyId);
  const isKeyOfUser =
    key !== null &&
    key.userId !== null &&
    (userId === undefined || key.userId === userId) &&
    may(actor, 'see key', key);
  const id = userId ?? key?.userId;
  const seen = userId === undefined ? null : await users.see(userId, serviceId);
  const isSeen = seen !== null && may(actor, 'read user', { isKnown: seen.isVisible });
  const violations = [
    ...(userId === undefined || isSeen ? [] : [refused('userId', 'user')]),
    ...(userKeyId === undefined || isKeyOfUser ? [] : [refused('userKeyId', 'key of a user')]),
  ];
  if (violations.length > 0) throw new IllegalArgument(violations);
  return { userId: id ?? null, userKeyId: userKeyId ?? null };
}
