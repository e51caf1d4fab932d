import { type Actor, auditChainText, emptyAuditChain, type Id, type Instant } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { announce } from '../shared/begin-chain.ts';
import { isSealed } from '../shared/chain.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { record } from '../shared/record.ts';
import { announcedBy, faultOf, type Link, strayErasure } from './audit-fault.ts';

type Needs = Pick<Ports, 'database' | 'places' | 'macs' | 'clock' | 'ids'>;

/** Entries that one transaction deletes: what is pending waits no longer for it than that takes. */
const BATCH = 200;

type PruneAuditInput = {
  readonly before: Instant;
  readonly isStopping?: () => boolean;
};

/**
 * Deletes old entries of the audit, and says so in the operator's chain. The rest of each chain can still be verified:
 * where chains were announced, they are announced again.
 */
export class PruneAudit {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Answers how many entries went. Throws, and deletes no more, where one of them was tampered with.
   * `isStopping`: asked again and again; from then on the rest is left to the next run.
   */
  async execute(
    actor: Actor,
    { before, isStopping = () => false }: PruneAuditInput,
  ): Promise<number> {
    onlyOperator(actor);
    await this.#ports.places.caughtUp();
    const owners = await this.#ports.database.read(({ audit }) => audit.owners());
    // The operator's chain says which texts were erased, so it goes last.
    owners.sort((a, b) => Number(a === null) - Number(b === null));
    let total = 0;
    for (const owner of owners) {
      while (!isStopping()) {
        const pruned = await this.#pruneSome(actor, owner, before, total === 0);
        total += pruned;
        if (pruned < BATCH) break;
      }
    }
    return total;
  }

  async #pruneSome(
    actor: Actor,
    serviceId: Id | null,
    before: Instant,
    isFirst: boolean,
  ): Promise<number> {
    const { database, macs } = this.#ports;
    return database.transact(async (stores) => {
      const { audit } = stores;
      await stores.pending.takeTurn({ isPatient: true });
      const chain = (await audit.chain(serviceId)) ?? emptyAuditChain(serviceId);
      const entries = await audit.follow(serviceId, chain.pruned, BATCH);
      // Clocks differ: what is after one that is not old stays with it.
      const young = entries.findIndex(({ createdAt }) => createdAt >= before);
      const old = young === -1 ? entries : entries.slice(0, young);
      let last: Link = { sequence: chain.pruned, hash: chain.prunedHash };
      const refuse = () => {
        throw new Error(
          'the audit is not as it was written, and nothing of it may be deleted: see rekey audit verify',
        );
      };
      for (const entry of old) {
        if (!isSealed(macs, chain) || faultOf(macs, last, entry)) refuse();
        last = entry;
      }
      if (await strayErasure(stores, old)) refuse();
      if (old.length === 0) return 0;
      const rest = {
        ...chain,
        pruned: last.sequence,
        prunedHash: last.hash,
        prunedUntil: Math.max(chain.prunedUntil ?? 0, ...old.map(({ createdAt }) => createdAt)),
      };
      await audit.prune({ ...rest, seal: macs.make(auditChainText(rest)) });

      if (isFirst) {
        await record(this.#ports, stores, actor, { type: 'rekey:AuditPrune', serviceId: null });
      }
      for (const announced of old.flatMap((entry) => announcedBy(entry) ?? [])) {
        await announce(this.#ports, stores, actor, announced);
      }
      return old.length;
    });
  }
}
