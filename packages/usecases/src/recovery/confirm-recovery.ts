import {
  type Account,
  type Actor,
  IllegalArgument,
  type Instant,
  InvalidOneTimeToken,
  keyData,
  may,
  type OneTimeToken,
  type PasswordQuality,
  type Place,
  placeOf,
  type Service,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { doubtMs } from '../shared/kill-switch.ts';
import { meetOwner } from '../shared/new-device.ts';
import { parseNewPassword, prepareNewPassword } from '../shared/new-password.ts';
import { owe } from '../shared/owe.ts';
import { record } from '../shared/record.ts';
import { recordAtAll } from '../shared/record-at-all.ts';
import { tell } from '../shared/tell.ts';
import { tellAll } from '../shared/tell-all.ts';
import { makeTokenKey } from '../shared/token-key.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'breachList'
  | 'secrets'
  | 'macs'
  | 'linkTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

/** A link that is good, and all that it opens. */
type Found = {
  readonly right: OneTimeToken;
  readonly account: Account;
  readonly service: Service;
  readonly lockedAt: Instant;
};

/** Of the passwords from before the lock, from each end of that time: whoever changed it a hundred times costs no more. */
const LOOKED_AT = 6;

/**
 * Gives a locked account back to whoever has the mailbox of its owner: sets a new password, ends the lock, and makes the
 * TOKEN key of the service of the link again. Nothing else comes back.
 */
export class ConfirmRecovery {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * A refused password leaves the link good. Throws `InvalidOneTimeToken` for every token that is not good here,
   * `IllegalArgument` also for a password from before the lock, and `Overloaded`.
   */
  async execute(
    actor: Actor,
    input: { readonly token: string; readonly password: string },
  ): Promise<{ user: User; quality: PasswordQuality }> {
    const { database, hasher } = this.#ports;
    const password = parseNewPassword(this.#ports, input.password, 'password');
    const found = await database.read((stores) => this.#find(stores, actor, input.token));
    const place = placeOf(actor);
    hasher.admit(place);
    await this.#refusePast(found, password, place);
    const { account, service, right } = found;
    const user = { ...account.user, email: right.email };
    const replaced = { user, service, current: null };
    const prepared = await prepareNewPassword(this.#ports, place, replaced, password, 'password');

    const opened = await database.transact((stores) =>
      this.#open(stores, actor, found, prepared.passwordHash),
    );
    return { user: opened, quality: prepared.quality };
  }

  async #find(
    { users, services, oneTimeTokens }: Stores,
    actor: Actor,
    text: string,
  ): Promise<Found> {
    const { linkTokens, clock } = this.#ports;
    const presented = linkTokens.verify(text);
    if (presented?.purpose !== 'recover') throw new InvalidOneTimeToken();
    const right = await oneTimeTokens.findGood(presented.id, clock.now());
    const { userId = null, serviceId = '' } = right ?? {};
    if (right?.purpose !== 'recover' || userId === null) throw new InvalidOneTimeToken();
    const service = await services.find(serviceId);
    const user = await users.get(userId);
    const lock = await users.lockOf(userId);
    const account = user && (await users.findByEmail(user.email));
    const isGood = lock && account?.credential.version === right.version;
    if (!isGood || !service || !may(actor, 'use link', { serviceId })) {
      throw new InvalidOneTimeToken();
    }
    return { right: { ...right, userId }, account, service, lockedAt: lock.at };
  }

  /** Neither the password of the owner from before nor that of whoever had the account meanwhile comes back. */
  async #refusePast({ account, lockedAt }: Found, password: string, place: Place): Promise<void> {
    const { database, hasher, settings } = this.#ports;
    const of = { since: lockedAt - doubtMs(settings), limit: LOOKED_AT };
    const past = await database.read(async ({ users }) => [
      ...(await users.pastPasswords(account.user.id, { ...of, from: 'earliest' })),
      ...(await users.pastPasswords(account.user.id, { ...of, from: 'latest' })),
    ]);
    for (const hash of new Set(past)) {
      if (!(await hasher.verify(password, { hash, userId: account.user.id }, place))) continue;
      const message = 'must not be one that the account had before it was locked';
      throw new IllegalArgument([{ field: 'password', message, code: 'used_before' }]);
    }
  }

  async #open(
    stores: Stores,
    actor: Actor,
    { right, account: { user: before, credential }, service }: Found,
    passwordHash: string,
  ): Promise<User> {
    const { users, oneTimeTokens } = stores;
    const { id, userId, serviceId, email } = right;
    const now = this.#ports.clock.now();
    if ((await oneTimeTokens.use(id, now)) === null) throw new InvalidOneTimeToken();
    const to = { passwordHash, email, now };
    if (!(await users.unlock(userId, credential.version, to))) throw new InvalidOneTimeToken();
    // Whoever had the account has links that went to other addresses.
    await oneTimeTokens.endElsewhere(userId, email, now);
    const user = (await users.get(userId)) ?? before;
    const { origin } = placeOf(actor);
    await meetOwner(this.#ports, stores, userId, origin);

    const tokenKey = await makeTokenKey(this.#ports, stores, userId, service);
    const mail = { purpose: 'reset_password_confirm', user, serviceId } as const;
    const { id: subjectId } = await owe(this.#ports, stores, { ...mail, origin });
    const of = { serviceId, userId, subjectId };
    const knowing = await stores.services.knowing(userId);
    await tellAll(this.#ports, stores, { ...of, type: 'user.recovered' });
    if (user.email !== before.email) {
      await tellAll(this.#ports, stores, { ...of, type: 'email.changed' });
    }
    await recordAtAll(
      this.#ports,
      stores,
      actor,
      { ...of, type: 'rekey:UserRecoverConfirm' },
      knowing,
    );
    if (tokenKey !== null) {
      const made = { serviceId, userId, subjectId: tokenKey.id };
      await tell(this.#ports, stores, { ...made, type: 'key.created', data: keyData(tokenKey) });
      await record(this.#ports, stores, actor, { ...made, type: 'sso:KeyCreate' });
    }
    return user;
  }
}
