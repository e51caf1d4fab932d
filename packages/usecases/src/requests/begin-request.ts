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

type Begun = {
  /** The answer to the same request, which came before; null where this is the first. */
  readonly kept: string | null;
  /** To be run, and ended; null where the kept answer is good. */
  readonly unit: {
    run<T>(call: () => T): T;
    /**
     * Keeps the answer to the request, in the transaction of what it changed. Null: it is not kept. `undo`: the kept
     * answer is good, and the request has changed nothing. Throws where nothing could be kept; then nothing is changed.
     */
    end(answer: Answer | 'undo' | null): Promise<void>;
  } | null;
};

/**
 * Begins a request that came with an idempotency key: done once, it is answered as often as it comes. Its answer is
 * committed together with its change (docs/decisions/0047-idempotency.md).
 */
export class BeginRequest {
  readonly #ports: Needs;
  /** What is under way on this server. On others, the first to commit wins. */
  readonly #running = new Map<string, string>();

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `IdempotencyConflict` where the key stands for another request, or for one that is under way. */
  async execute(actor: Actor, input: BeginRequestInput): Promise<Begun> {
    const { secrets } = this.#ports;
    const blind = (...parts: string[]) => secrets.blind(JSON.stringify(['request', ...parts]));
    const id = blind('key', ...callerOf(actor, input.account), input.key);
    const fingerprint = blind('fingerprint', ...userOf(actor), input.request);

    const running = this.#running.get(id);
    if (running !== undefined) throw conflict(running === fingerprint);
    this.#running.set(id, fingerprint);
    let isOver = true;
    try {
      const answer = await this.#find(id);
      if (answer !== null && answer.fingerprint !== fingerprint) throw conflict(false);
      const kept = answer && secrets.unseal(answer.sealed, sealOwners.answer(id));
      if (kept !== null && !input.isVerdict) return { kept, unit: null };
      isOver = false;
      return { kept, unit: this.#unitOf(id, fingerprint) };
    } finally {
      if (isOver) this.#running.delete(id);
    }
  }

  /** The answer that is kept under an id, and that may be given again. */
  async #find(id: string): Promise<KeptAnswer | null> {
    const { database, clock } = this.#ports;
    const now = clock.now();
    const { answer, isGood } = await database.read(async (stores) => {
      const answer = await stores.keptAnswers.get(id);
      const isGood =
        answer !== null &&
        answer.createdAt > now - ANSWERS_KEPT_MS &&
        (answer.sessionId === null || (await isOpen(stores, answer.sessionId, now)));
      return { answer, isGood };
    });
    if (answer === null || isGood) return answer;
    await database.transact(({ keptAnswers }) => keptAnswers.delete(answer));
    return null;
  }

  #unitOf(id: string, fingerprint: string): Begun['unit'] {
    const { database, secrets, clock } = this.#ports;
    const unit = new Unit(this.#ports);
    const keeping = ({ text, userId }: Answer) => {
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
      return {
        isKept: () => isKept,
        keep: async ({ keptAnswers }: Stores) => {
          await keptAnswers.insert(answer);
          isKept = true;
        },
        userId: answer.userId,
      };
    };
    const endWith = async (answer: Answer) => {
      const { keep, isKept, userId } = keeping(answer);
      await unit.end(keep);
      if (isKept()) return;
      await database.transact(async (stores) => {
        // A person who was deleted since has no answers.
        if (userId !== null && (await stores.users.lock(userId)) === null) return;
        await keep(stores);
      });
    };
    return {
      run: (call) => unit.run(call),
      end: async (how) => {
        try {
          if (how === null || how === 'undo') return await unit.end(how);
          await endWith(how).catch(async (error: unknown) => {
            const found = await database.read(({ keptAnswers }) => keptAnswers.get(id));
            // Another server has done the request in the meantime.
            throw found === null ? error : conflict(true);
          });
        } finally {
          this.#running.delete(id);
        }
      },
    };
  }
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
async function isOpen({ sessions }: Stores, id: Id, now: Instant): Promise<boolean> {
  const open = await sessions.findOpen(id);
  if (open === null) return false;
  const { session, user, key } = open;
  return session.expiresAt > now && user.isEnabled && isUsable(key, now);
}

const conflict = (isUnderWay: boolean) =>
  new IdempotencyConflict(isUnderWay ? 'idempotency_key_in_use' : 'idempotency_key_reused');
