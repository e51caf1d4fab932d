import {
  type Account,
  type Actor,
  type AuditType,
  InvalidOneTimeToken,
  isProven,
  keyData,
  may,
  type OneTimeToken,
  type PasswordQuality,
  type Purpose,
  passwordPurposes,
  placeOf,
  type Service,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { emptyAccount } from '../shared/empty-account.ts';
import { meetOwner } from '../shared/new-device.ts';
import { parseNewPassword, prepareNewPassword } from '../shared/new-password.ts';
import { owe } from '../shared/owe.ts';
import { proveAddress } from '../shared/prove-address.ts';
import { record } from '../shared/record.ts';
import { recordAtAll } from '../shared/record-at-all.ts';
import { recoveryAddress } from '../shared/recovery-address.ts';
import { mayReturn } from '../shared/returning.ts';
import { tell } from '../shared/tell.ts';
import { tellAll } from '../shared/tell-all.ts';
import { makeTokenKey } from '../shared/token-key.ts';
import { mayReset } from './request-reset.ts';

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

type ConfirmResetInput = {
  readonly token: string;
  readonly password: string;
  /** The name that refusals have for the new password. */
  readonly field?: 'password' | 'newPassword' | undefined;
};

type PasswordPurpose = (typeof passwordPurposes)[number];

const types: Readonly<Record<PasswordPurpose, AuditType>> = {
  reset_password: 'sso:AuthLocalResetPasswordConfirm',
  invite: 'rekey:UserInviteConfirm',
};

const setsPassword = (purpose: Purpose): purpose is PasswordPurpose =>
  Object.hasOwn(types, purpose);

/** A right that is good, and the account that it is about. */
type Granted = {
  readonly purpose: PasswordPurpose;
  readonly right: OneTimeToken;
  readonly account: Account;
  readonly service: Service;
  /** Whether the owner gets a TOKEN key of the service again. */
  readonly returns: boolean;
};

/**
 * Sets the password of an account with the link that its owner asked for, or was invited by. Whoever has the link has
 * the mailbox: the address is proven, all sessions end, and no device is known any more. Of an account that nobody
 * vouched for, keys and links that somebody else may have got before are gone as well.
 */
export class ConfirmReset {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * A refused password leaves the link good. Throws `InvalidOneTimeToken` for every token that is not good here,
   * `IllegalArgument`, and `Overloaded`.
   */
  async execute(
    actor: Actor,
    { token, password: text, field = 'password' }: ConfirmResetInput,
  ): Promise<{ user: User; quality: PasswordQuality }> {
    const { database, hasher } = this.#ports;
    const password = parseNewPassword(this.#ports, text, field);
    const place = placeOf(actor);
    hasher.admit(place);

    const granted = await database.read((stores) => this.#find(stores, actor, token));
    const { user, credential } = granted.account;
    const replaced = { user, service: granted.service, current: credential.passwordHash };
    const prepared = await prepareNewPassword(this.#ports, place, replaced, password, field);

    return database.transact(async (stores) => {
      await this.#spend(stores, actor, token, granted);
      const changed = await this.#set(stores, actor, granted, prepared.passwordHash);
      return { user: changed, quality: prepared.quality };
    });
  }

  /** Finds the right, and all that has to be as it was when the link was mailed. */
  async #find(
    { oneTimeTokens, users, keys, services }: Stores,
    actor: Actor,
    text: string,
  ): Promise<Granted> {
    const { linkTokens, clock, settings } = this.#ports;
    const presented = linkTokens.verify(text);
    if (presented === null || !setsPassword(presented.purpose)) throw new InvalidOneTimeToken();
    const now = clock.now();
    const found = await oneTimeTokens.findGood(presented.id, now);
    if (found?.purpose !== presented.purpose || found.userId === null) {
      throw new InvalidOneTimeToken();
    }
    const right = { ...found, userId: found.userId };
    const { userId, serviceId, email, version } = right;
    const user = await users.get(userId);
    const account = user && (await users.findByEmail(user.email));
    const mailbox = user && (await recoveryAddress(settings, { oneTimeTokens }, user, now));
    const service = await services.get(serviceId);
    const tokenKey = await keys.findToken(userId, serviceId, now);
    const isGood =
      may(actor, 'use link', { serviceId }) &&
      account?.user.id === userId &&
      account.user.isEnabled &&
      email === (presented.purpose === 'reset_password' ? mailbox : account.user.email) &&
      account.credential.version === version &&
      service?.isEnabled;
    if (!isGood) throw new InvalidOneTimeToken();
    // The service may have closed the account to its owner, or forbidden this way, since.
    const isReturning = await mayReturn(this.#ports, { keys }, { user: account.user, serviceId });
    const login = { account, service, tokenKey, isReturning };
    if (presented.purpose === 'reset_password' && !mayReset(login)) {
      throw new InvalidOneTimeToken();
    }
    const returns = presented.purpose === 'reset_password' && tokenKey === null;
    return { purpose: presented.purpose, right, account, service, returns };
  }

  /** Spends the right, only if everything is still as it was found. Locks the account. */
  async #spend(stores: Stores, actor: Actor, text: string, { right }: Granted): Promise<void> {
    await stores.users.lock(right.userId);
    await this.#find(stores, actor, text);
    const used = await stores.oneTimeTokens.use(right.id, this.#ports.clock.now());
    if (used === null) throw new InvalidOneTimeToken();
  }

  async #set(
    stores: Stores,
    actor: Actor,
    { purpose, right: { userId, serviceId, email }, account, service, returns }: Granted,
    passwordHash: string,
  ): Promise<User> {
    const { users, sessions, oneTimeTokens } = stores;
    const { origin } = placeOf(actor);
    const { version } = account.credential;
    const now = this.#ports.clock.now();
    // Otherwise the link went to the mailbox from before a change of address, which somebody vouched for.
    const isPresent = email === account.user.email;
    if (isPresent && !isProven(account.user)) {
      await emptyAccount(this.#ports, stores, account.user, serviceId);
    }
    const isSet = await users.changePassword(userId, version, passwordHash, now);
    if (!isSet) throw new InvalidOneTimeToken();
    const user = isPresent
      ? await proveAddress(this.#ports, stores, userId)
      : { ...account.user, passwordRequireUpdate: false, updatedAt: now };
    await sessions.endAllOf(userId, now);
    await users.forgetDevices(userId);
    await meetOwner(this.#ports, stores, userId, origin);
    await oneTimeTokens.endAll(userId, passwordPurposes, now);
    const tokenKey = returns ? await makeTokenKey(this.#ports, stores, userId, service) : null;

    const owner = { ...user, email, emailProven: true };
    const mail = { purpose: 'reset_password_confirm', user: owner, serviceId, origin } as const;
    const { id: subjectId } = await owe(this.#ports, stores, mail);
    const event = { type: 'password.reset', serviceId, userId, subjectId } as const;
    await tellAll(this.#ports, stores, event);
    // It ends sessions at all services.
    const type = types[purpose];
    await recordAtAll(this.#ports, stores, actor, { type, serviceId, userId, subjectId });
    if (tokenKey !== null) {
      const made = { serviceId, userId, subjectId: tokenKey.id };
      await tell(this.#ports, stores, { ...made, type: 'key.created', data: keyData(tokenKey) });
      await record(this.#ports, stores, actor, { ...made, type: 'sso:KeyCreate' });
    }
    return user;
  }
}
