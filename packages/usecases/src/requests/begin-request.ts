import {
  type Actor,
  DAY_MS,
  type Id,
  IdempotencyConflict,
  type Instant,
  isUsable,
} from '@rekey/domain';
import type { KeptAnswer, Ports, Stores } from '../ports/index.ts';
import { sealOwners } from '../shared/seals.ts';
import { Unit } from '../shared/unit.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'clock' | 'flow'>;

/** How long an answer is given again. */
const ANSWERS_KEPT_MS = DAY_MS;

type BeginRequestInput = {
  /** By which the caller knows the request. */
  readonly key: string;
  /** All that makes the request what it is. */
  readonly request: string;
  /** The account that the request names, where nobody asks. */
  readonly account: string;
  /** Whether the answer is about the moment in which it is given: it is given again only if it would be given now. */
  readonly isVerdict: boolean;
};

type Answer = {
  readonly text: string;
  /** The person whom it shows something of. */
  readonly userId: Id | null;
};

type Request = {
  run<T>(call: () => T): T;
  /**
   * Ends the request with its answer, which is kept in the transaction of what it changed; null for one that is not kept.
   * Answers what is to be told instead: the answer that was kept before, and then the request has changed nothing. About
   * the moment (`isVerdict`), that is told only where the request was done again (`isDone`). Throws `IdempotencyConflict`
   * where the key stands for another request, and what went wrong where nothing could be kept; then nothing is changed.
   */
  end(answer: Answer | null, isDone: boolean): Promise<string | null>;
};

/**
 * Begins a request that came with an idempotency key: done once, it is answered as often as it comes. Its answer is
 * committed together with its change, and looked for in its first transaction, which an answer that is there undoes
 * (docs/decisions/0047-idempotency.md).
 */
export class BeginRequest {
  readonly #ports: Needs;
  /** What is under way on this server. On others, the first to commit wins. */
  readonly #running = new Map<string, string>();

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `IdempotencyConflict` where a request with the key is under way on this server, be it the same or another. */
  execute(actor: Actor, input: BeginRequestInput): Request {
    const { secrets } = this.#ports;
    const blind = (...parts: string[]) => secrets.blind(JSON.stringify(['request', ...parts]));
    const id = blind('key', ...callerOf(actor, input.account), input.key);
    const fingerprint = blind('fingerprint', ...userOf(actor), input.request);
    const running = this.#running.get(id);
    if (running !== undefined) throw conflict(running === fingerprint);
    this.#running.set(id, fingerprint);
    return this.#begun(id, fingerprint, input.isVerdict);
  }

  #begun(id: string, fingerprint: string, isVerdict: boolean): Request {
    const { database, secrets, clock } = this.#ports;
    let before: { readonly answer: KeptAnswer; readonly isGood: boolean } | null = null;
    const unit = new Unit(this.#ports, async (stores) => {
      before = await find(stores, id, clock.now());
      if (!before?.isGood) return null;
      if (before.answer.fingerprint !== fingerprint) return conflict(false);
      return isVerdict ? null : conflict(true);
    });
    const keep = async ({ text, userId }: Answer) => {
      const { grant } = unit;
      const answer: KeptAnswer = {
        id,
        fingerprint,
        createdAt: clock.now(),
        userId: grant?.userId ?? userId,
        sessionId: grant?.sessionId ?? null,
        sealed: secrets.seal(text, sealOwners.answer(id)),
      };
      let isKept = false;
      const insert = async ({ keptAnswers }: Stores) => {
        if (before !== null) await keptAnswers.delete(before.answer);
        await keptAnswers.insert(answer);
        isKept = true;
      };
      await unit.end(insert);
      if (isKept) return;
      await database.transact(async (stores) => {
        // A person who was deleted since has no answers.
        if (answer.userId !== null && (await stores.users.lock(answer.userId)) === null) return;
        await insert(stores);
      });
    };
    const end: Request['end'] = async (answer, isDone) => {
      const stop = await unit.look();
      if (stop?.code === 'idempotency_key_reused') throw stop;
      if (before?.isGood) {
        const isTold = isDone || !isVerdict;
        await unit.end(isTold ? 'undo' : null);
        return isTold ? secrets.unseal(before.answer.sealed, sealOwners.answer(id)) : null;
      }
      if (answer === null) await unit.end(null);
      else {
        await keep(answer).catch(async (error: unknown) => {
          const now = await database.read(({ keptAnswers }) => keptAnswers.get(id));
          const isNew = now !== null && now.createdAt !== before?.answer.createdAt;
          // Another server has done the request in the meantime.
          throw isNew ? conflict(true) : error;
        });
      }
      return null;
    };
    return {
      run: (call) => unit.run(call),
      end: (answer, isDone) => end(answer, isDone).finally(() => this.#running.delete(id)),
    };
  }
}

/** The answer that is kept under an id, and whether it may be given again. */
async function find({ keptAnswers, sessions }: Stores, id: string, now: Instant) {
  const answer = await keptAnswers.get(id);
  if (answer === null) return null;
  const isGood =
    answer.createdAt > now - ANSWERS_KEPT_MS &&
    (answer.sessionId === null || (await isOpen(sessions, answer.sessionId, now)));
  return { answer, isGood };
}

/** The party that a key is of. A person is the same in every session; a stranger is an address and an account. */
function callerOf(actor: Actor, account: string): string[] {
  switch (actor.kind) {
    case 'service':
    case 'root':
      return ['key', actor.keyId];
    case 'user':
      return ['user', actor.session.userId];
    case 'nobody':
      return ['nobody', actor.origin.address, account];
    case 'operator':
      return ['operator'];
  }
}

/** The user whom a service proves besides. */
const userOf = (actor: Actor): string[] =>
  actor.kind === 'service' && actor.user ? [actor.user.userId, actor.user.keyId] : [];

/** An answer with a token of a session is worth as much as the session. */
async function isOpen(sessions: Stores['sessions'], id: Id, now: Instant): Promise<boolean> {
  const open = await sessions.findOpen(id);
  if (open === null) return false;
  const { session, user, key } = open;
  return session.expiresAt > now && user.isEnabled && isUsable(key, now);
}

const conflict = (isUnderWay: boolean) =>
  new IdempotencyConflict(isUnderWay ? 'idempotency_key_in_use' : 'idempotency_key_reused');
