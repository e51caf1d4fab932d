import {
  type Instant,
  type PasswordChange,
  revokeLink,
  type Service,
  stackOf,
  Unavailable,
  type User,
} from '@rekey/domain';
import { nameForPeople } from './open-form-service.ts';
import { type Claim, MailFailure, type PasswordChangedMail, type Ports } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<
  Ports,
  'database' | 'mailer' | 'macs' | 'revokeTokens' | 'clock' | 'ids' | 'settings'
>;

/** Longer than a mailer may take: a mail whose lease ran out belongs to a server that died. */
const LEASE = 60_000;
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 3_600_000;
/** No mail is put off as far as this: one that is was put off by a clock that was wrong. */
const TOO_FAR = 2 * LONGEST_WAIT;

/** What became of one mail, for the log; `lost claim`: somebody else took it over meanwhile. */
export type Delivery = {
  readonly changeId: string;
  readonly attempt: number;
  readonly outcome: 'sent' | 'put off' | 'buried' | 'lost claim';
  readonly reason: string | null;
  /** What lies behind the reason, where more is known: it names neither the recipient nor the link. */
  readonly detail: string | null;
};

type Mail = {
  readonly claim: Claim;
  readonly change: PasswordChange;
  readonly user: User;
  readonly service: Service;
};

/** A mail that was handed over, or that could not be. */
type Attempt = { readonly mail: Mail; readonly failure: Failure | null };

type Failure = Pick<MailFailure, 'message' | 'isPermanent'> & { readonly detail: string | null };

/** A shorter name would blot out the text that it is taken out of. */
const MIN_NAME = 4;

/**
 * Sends the mails that committed changes owe. A mail that cannot be handed over is tried again,
 * later each time, for as long as its link is good; then, or when it is refused for good, it is kept as a dead letter.
 */
export class DeliverMail {
  readonly #ports: Needs;
  /** Nothing is known at first of the clock that went before. */
  #lastLook: Instant = Number.POSITIVE_INFINITY;
  /** Attempts that the database could not take note of: forgotten, their mails would be sent once more. */
  readonly #unmarked: Attempt[] = [];
  /** When those are done that took their turns before. */
  #turns: Promise<unknown> = Promise.resolve();

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Claims up to `limit` due mails and starts sending each on its own: one that hangs delays no other. */
  async execute({ limit }: { readonly limit: number }): Promise<Promise<Delivery>[]> {
    const { database, clock } = this.#ports;
    await this.#mindClock();
    const late = await this.#markLate();
    if (!(await database.read(({ outbox }) => outbox.hasDue(clock.now())))) return late;

    const mails = await database.transact(async ({ outbox, changes, users, services }) => {
      const now = clock.now();
      const claims = await outbox.claim(now, now + LEASE, limit);
      const found: Mail[] = [];
      for (const claim of claims) {
        const change = await changes.get(claim.changeId);
        const user = change && (await users.get(change.userId));
        const service = change && (await services.get(change.serviceId));
        if (change && user && service) found.push({ claim, change, user, service });
      }
      return found;
    });
    return [...late, ...mails.map((mail) => this.#deliver(mail))];
  }

  /** Mails that were put off before the clock went back would wait for as long as it went back. */
  async #mindClock(): Promise<void> {
    const { database, clock } = this.#ports;
    const now = clock.now();
    if (now < this.#lastLook) {
      await database.transact(({ outbox }) => outbox.recall(now + TOO_FAR, now));
    }
    this.#lastLook = now;
  }

  /** A server that dies doubles the mails that were accepted and not marked: only one at a time can be. */
  async #deliver(mail: Mail): Promise<Delivery> {
    const done = Promise.withResolvers<void>();
    const turn = async () => {
      const before = this.#turns;
      this.#turns = before.then(() => done.promise);
      await before;
    };
    const attempt = { mail, failure: await this.#send(mail, turn) };
    try {
      return await this.#mark(attempt);
    } catch (error) {
      if (error instanceof Unavailable) this.#unmarked.push(attempt);
      throw error;
    } finally {
      done.resolve();
    }
  }

  /** Marks what could not be marked when it was sent; throws where the database does not answer still. */
  async #markLate(): Promise<Promise<Delivery>[]> {
    const marked: Promise<Delivery>[] = [];
    for (let attempt = this.#unmarked[0]; attempt; attempt = this.#unmarked[0]) {
      marked.push(Promise.resolve(await this.#mark(attempt)));
      this.#unmarked.shift();
    }
    return marked;
  }

  async #mark({ mail, failure }: Attempt): Promise<Delivery> {
    const { database, clock } = this.#ports;
    const { claim, change } = mail;
    const now = clock.now();
    const next = now + waitAfter(claim.attempt);
    const reason = failure?.message ?? null;
    const isHopeless = failure?.isPermanent === true || next >= change.expiresAt;
    const outcome = reason === null ? 'sent' : isHopeless ? 'buried' : 'put off';
    const isMine = await database.transact(async (stores) => {
      const { outbox } = stores;
      if (outcome === 'put off') return outbox.putOff(claim, next, reason ?? '');
      const isClosed =
        reason === null ? await outbox.markSent(claim, now) : await outbox.bury(claim, now, reason);
      if (!isClosed) return false;
      await record(this.#ports, stores, {
        action: 'mail_send',
        outcome: outcome === 'sent' ? 'success' : 'failure',
        serviceId: change.serviceId,
        userId: change.userId,
        subjectId: change.id,
      });
      return true;
    });
    const detail = failure?.detail ?? null;
    return { ...claim, outcome: isMine ? outcome : 'lost claim', reason, detail };
  }

  async #send(mail: Mail, turn: () => Promise<void>): Promise<Failure | null> {
    const { mailer, clock, revokeTokens } = this.#ports;
    const { change, user } = mail;
    if (clock.now() >= change.expiresAt) {
      return { message: 'the link has expired', isPermanent: true, detail: null };
    }
    const unsaid = [change.email, ...(user.name.length < MIN_NAME ? [] : [user.name])];
    try {
      const token = revokeTokens.make(change);
      unsaid.unshift(token);
      const message = this.#compose(mail, token);
      unsaid.unshift(message.link);
      await mailer.send(message, turn);
      return null;
    } catch (error) {
      const isKnown = error instanceof MailFailure;
      const { message, isPermanent } = isKnown ? error : new MailFailure('unexpected error', false);
      const behind = isKnown ? error.cause : error;
      const detail = behind === undefined ? null : without(unsaid, stackOf(behind));
      return { message, isPermanent, detail };
    }
  }

  #compose({ change, user, service }: Mail, token: string): PasswordChangedMail {
    const { settings } = this.#ports;
    const page = service.localUrl ?? `${settings.publicUrl}/local`;
    return {
      messageId: change.id,
      to: { name: user.name, address: change.email },
      locale: user.locale,
      timezone: user.timezone,
      service: { name: nameForPeople(service, settings), emailText: service.emailText },
      changedAt: change.createdAt,
      origin: change.origin,
      link: revokeLink(page, change.email, token),
      linkExpiresAt: change.expiresAt,
    };
  }
}

const without = (unsaid: readonly string[], text: string): string =>
  unsaid.reduce((rest, part) => rest.replaceAll(part, '[left out]'), text);

/** Milliseconds: 1 s, doubling with each attempt, 1 h at most. */
function waitAfter(attempt: number): Instant {
  return Math.min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT);
}
