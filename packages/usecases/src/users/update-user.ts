import {
  type Actor,
  type Attributes,
  Forbidden,
  type Id,
  type JsonObject,
  may,
  NotFound,
  parseAll,
  parseAttributes,
  parseLocale,
  parseName,
  parseTimezone,
  passwordPurposes,
  type SeenUser,
  type User,
  WrongState,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { diffOf, fieldsOf } from '../shared/diff.ts';
import { recordAtAll } from '../shared/record-at-all.ts';
import { tell } from '../shared/tell.ts';
import { tellAll } from '../shared/tell-all.ts';
import { seenBy, viewerOf } from '../shared/viewer.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

type Fields = {
  readonly name?: string | undefined;
  readonly isEnabled?: boolean | undefined;
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
  readonly passwordAllowReset?: boolean | undefined;
  readonly passwordRequireUpdate?: boolean | undefined;
};

export type UpdateUserInput = Fields & {
  readonly id: Id;
  /** Takes the place of all that the service keeps with the user. */
  readonly attributes?: Attributes | undefined;
};

/**
 * Changes the fields of a user that are given. A service that merely has a key of the user changes what it keeps with it
 * itself, and nothing else. A user that is disabled is logged out everywhere, at once.
 */
export class UpdateUser {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign users alike, `Forbidden` where the service did not make the user, or an
   * operator disabled it, and `WrongState` for enabling an account that its owner locked.
   */
  async execute(actor: Actor, { id, attributes, ...given }: UpdateUserInput): Promise<SeenUser> {
    viewerOf(actor);
    const changes = parsed(given, attributes);
    return this.#ports.database.transact((stores) => this.change(stores, actor, id, changes));
  }

  /** Like `execute`, in a transaction that is open; what is given is in its canonical form. */
  async change(
    stores: Stores,
    actor: Actor,
    id: Id,
    { kept, ...fields }: Changes,
  ): Promise<SeenUser> {
    const { users } = stores;
    // Locked first, so that what differs is what this changes.
    if ((await users.lock(id)) === null) throw new NotFound();
    const before = await seenBy(actor, stores, id);
    checkChange(actor, before, fields);
    const after: SeenUser = { ...before, ...fields, ...(kept && { attributes: kept }) };
    const data = diffOf(before, after);
    // An account that is locked is disabled already: this is about what follows the lock.
    const staysDisabled = before.isLocked && fields.isEnabled === false;
    const isKept = staysDisabled && (await users.keepDisabled(id));
    const byOperator = actor.kind !== 'service';
    const isNews = isKept || (staysDisabled && byOperator && !before.isDisabledByOperator);
    if (data === null && !isNews) return before;

    const isSwitched = before.isEnabled !== after.isEnabled;
    const changed: SeenUser = {
      ...after,
      updatedAt: this.#ports.clock.now(),
      isDisabledByOperator: isSwitched
        ? !after.isEnabled && byOperator
        : before.isDisabledByOperator || (staysDisabled && byOperator),
    };
    await users.update(changed);
    if (kept) await users.setAttributes(id, viewerOf(actor), kept);
    await this.#report(stores, actor, before, changed, data);
    return changed;
  }

  /** Ends the sessions of a user that is disabled; tells and records the change wherever it is felt. */
  async #report(
    stores: Stores,
    actor: Actor,
    before: SeenUser,
    after: SeenUser,
    data: JsonObject | null,
  ): Promise<void> {
    const { services, sessions, oneTimeTokens } = stores;
    const viewer = viewerOf(actor);
    const isDisabled = before.isEnabled && !after.isEnabled;
    const isSwitched = before.isEnabled !== after.isEnabled;
    if (isDisabled) await oneTimeTokens.endAll(before.id, passwordPurposes, after.updatedAt);
    const userId = before.id;
    const of = { serviceId: viewer, userId };
    const fields = fieldsOf(data).filter((field) => !(isDisabled && field === 'is_enabled'));
    if (fields.length > 0) {
      await tellAll(this.#ports, stores, { ...of, type: 'user.updated', data: { fields } });
    }
    if (isDisabled) await tellAll(this.#ports, stores, { ...of, type: 'user.disabled' });
    const knowing = isSwitched ? await services.knowing(userId) : [];
    for (const serviceId of isDisabled ? knowing : []) {
      const ended = await sessions.endAllAt(userId, serviceId, after.updatedAt);
      const event = { type: 'session.ended', serviceId, userId } as const;
      if (ended > 0) await tell(this.#ports, stores, event);
    }

    const entry = { userId, subjectId: userId, data };
    const own = { type: 'sso:UserUpdate', serviceId: viewer, ...entry } as const;
    // It is felt at all of them where the user is switched off or on.
    await recordAtAll(this.#ports, stores, actor, own, knowing);
  }
}

type Changes = Partial<User> & { readonly kept?: Attributes };

/** The fields that are given, in their canonical form. */
function parsed({ name, locale, timezone, ...flags }: Fields, attributes?: Attributes): Changes {
  const texts = parseAll({
    name: () => (name === undefined ? undefined : parseName(name)),
    locale: () => (locale === undefined ? undefined : parseLocale(locale)),
    timezone: () => (timezone === undefined ? undefined : parseTimezone(timezone)),
    kept: () => (attributes === undefined ? undefined : parseAttributes(attributes)),
  });
  const given = Object.entries({ ...texts, ...flags }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Changes;
}

function checkChange(actor: Actor, before: User, fields: Partial<User>): void {
  const isMore = Object.keys(fields).length > 0;
  if (isMore && !may(actor, 'change user', before)) throw new Forbidden('forbidden');
  if (!fields.isEnabled || before.isEnabled) return;
  if (before.isLocked) throw new WrongState('account_locked');
  if (!may(actor, 'enable user', before)) throw new Forbidden('root_key_required');
}
