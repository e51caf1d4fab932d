import {
  type Actor,
  IllegalArgument,
  InvalidToken,
  type Passkey,
  parseAll,
  parsePasskeyName,
  placeOf,
  type User,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { maybeClaimedEmail } from '../shared/claimed-email.ts';
import { maybeOrigin } from '../shared/maybe-origin.ts';
import { lockPasskeyOwner, type PasskeyOwner } from '../shared/passkey-owner.ts';
import type { Recorder } from '../shared/record.ts';
import { tellFactor } from '../shared/tell-factor.ts';

type Needs = Recorder &
  Pick<Ports, 'database' | 'secrets' | 'webAuthn' | 'linkTokens' | 'settings'>;

type AddPasskeyInput = PasskeyOwner & {
  /** As the browser answered it. */
  readonly response: unknown;
  /** The origin of the page; any accepted one unless given. */
  readonly origin?: string | undefined;
  /** What the person calls the passkey. */
  readonly name?: string | undefined;
};

/** Gives a person with a session a passkey, which an authenticator just made. The owner is mailed of it. */
export class AddPasskey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws like `lockPasskeyOwner`; and `IllegalArgument` where the answer is none to a question of the last five minutes
   * for that person, was given before, or is of a passkey that somebody has.
   */
  async execute(actor: Actor, input: AddPasskeyInput): Promise<Passkey> {
    const { response, origin, name: given, ...owner } = input;
    const { database, webAuthn, clock, ids } = this.#ports;
    const { name } = parseAll({
      email: () => maybeClaimedEmail(actor, owner.email),
      origin: () => maybeOrigin(origin),
      name: () => parsePasskeyName(given, 'deviceName'),
    });
    const { serviceId } = placeOf(actor);
    const { id: account } = await this.#ownerOf(actor, owner);

    const now = clock.now();
    const ceremony = { kind: 'create', serviceId, account } as const;
    const made = await webAuthn.created({ response, ceremony, origin, now });
    if (made === null) throw noPasskey();
    const { answered, ...rest } = made;

    return database.transact(async (stores) => {
      const { user, enrolment } = await lockPasskeyOwner(this.#ports, stores, actor, owner);
      const { passkeys, factors, users } = stores;
      const isUnspent = await passkeys.spendChallenge(answered.challenge, answered.expiresAt);
      if (!isUnspent || user.id !== account) throw noPasskey();
      if (enrolment !== null && !(await factors.spendChallenge(enrolment, now))) {
        throw new InvalidToken();
      }
      const passkey = {
        ...rest,
        id: ids.next(),
        userId: user.id,
        createdAt: now,
        lastUsedAt: null,
        name,
      };
      if (!(await passkeys.insert(passkey))) throw noPasskey();
      // One that verifies nobody is one factor, and no second one.
      if (passkey.isUserVerified) {
        // Whoever waits to get a factor without one shows this one instead.
        await factors.endChallenges(user.id);
        await users.setFactors(user.id, { ...user.factors, hasPasskey: true }, now);
      }
      const changed = { kind: 'passkey', change: 'added', subjectId: passkey.id } as const;
      await tellFactor(this.#ports, stores, actor, { ...changed, user, serviceId });
      return passkey;
    });
  }

  /** The person for whom the question has to be. */
  async #ownerOf(actor: Actor, owner: PasskeyOwner): Promise<User> {
    const { user } = await this.#ports.database.transact((stores) =>
      lockPasskeyOwner(this.#ports, stores, actor, owner),
    );
    return user;
  }
}

const noPasskey = () =>
  new IllegalArgument([
    {
      field: 'response',
      message: 'must be the answer of a browser to a question of the last five minutes, once',
      code: 'malformed',
    },
  ]);
