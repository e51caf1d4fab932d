import type { Actor, AuditChain, AuditEntry, Id, Instant } from '@rekey/domain';
import type { AuditedKey, Ports } from '../ports/index.ts';
import { isSealed } from '../shared/chain.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { type AuditFault, announcedBy, faultOf, type Link, strayErasure } from './audit-fault.ts';

type Needs = Pick<Ports, 'database' | 'places' | 'macs'>;

/** Entries, or keys, that are looked at at a time. */
const PAGE = 500;

/** The state of a chain. An operator who notes length and hash elsewhere can tell later that nothing was cut off. */
export type ChainReport = {
  /** Null for the operator's. */
  readonly serviceId: Id | null;
  /** How many entries it ever had. */
  readonly length: number;
  /** How many of the oldest were pruned. */
  readonly pruned: number;
  /** Of the latest entry. */
  readonly hash: string | null;
  /** The first thing that is wrong with it. */
  readonly fault: AuditFault | null;
};

/**
 * Looks at every entry of the audit, and finds entries that were changed, added or taken away behind Rekey's back; and
 * at all that must have one: services, chains that were announced, and keys.
 */
export class VerifyAudit {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** A report for each chain, the operator's first. Entries that come meanwhile do no harm. */
  async execute(actor: Actor): Promise<ChainReport[]> {
    onlyOperator(actor);
    // Read first: a chain that begins meanwhile is announced later.
    const owners = await this.#ports.database.read(async ({ audit, services }) => [
      ...(await audit.owners()),
      ...(await services.ids()),
    ]);
    // Then each of them has its chain, and its announcement.
    await this.#ports.places.caughtUp();
    const announced = new Set<Id | null>([null]);
    const main = await this.#verify(null, (entry) => announced.add(announcedBy(entry)));
    const reports = new Map([[main.serviceId, main]]);
    for (const owner of new Set([...owners, ...announced])) {
      if (owner === null) continue;
      const report = await this.#verify(owner);
      // Where the operator's chain is not whole, it does not tell which ones there are.
      const isStray = main.fault === null && !announced.has(owner);
      reports.set(owner, isStray ? worse(report, 'the chain was never announced') : report);
    }
    await this.#verifyKeys((key) => {
      const { id, serviceId } = key;
      const report = reports.get(serviceId) ?? main;
      reports.set(report.serviceId, worse(report, `key ${id} has no entry of its making`));
    });
    return [...reports.values()];
  }

  async #verify(
    serviceId: Id | null,
    look: (entry: AuditEntry) => void = () => undefined,
  ): Promise<ChainReport> {
    const { database, macs } = this.#ports;
    const chain = await this.#chainOf(serviceId);
    // A chain without entries is none: Rekey makes it with the first of them.
    if (chain === null || (chain.length === 0 && isSealed(macs, chain))) {
      const none = { serviceId, length: 0, pruned: 0, hash: null, fault: null };
      return worse(none, 'the chain is missing');
    }
    const { length, pruned, hash } = chain;
    const report = { serviceId, length, pruned, hash, fault: null };
    if (!isSealed(macs, chain)) {
      return worse(report, 'where the chain begins or ends is not as it was written');
    }

    let last: Link = { sequence: pruned, hash: chain.prunedHash };
    for (;;) {
      const { sequence } = last;
      const entries = await database.read(({ audit }) => audit.follow(serviceId, sequence, PAGE));
      for (const entry of entries) {
        const fault = faultOf(macs, last, entry) ?? faultOfEnd(chain, entry);
        if (fault) return this.#reportFault(chain, fault, look);
        look(entry);
        last = entry;
      }
      const stray = await database.read((stores) => strayErasure(stores, entries));
      if (stray) return this.#reportFault(chain, stray, look);
      if (entries.length < PAGE) break;
    }
    return last.sequence < length
      ? this.#reportFault(
          chain,
          { sequence: last.sequence + 1, id: null, reason: 'is missing' },
          look,
        )
      : report;
  }

  /** Pruning at the same moment takes entries away that were still to be looked at: then verification begins anew. */
  async #reportFault(
    chain: AuditChain,
    fault: AuditFault,
    look: (entry: AuditEntry) => void,
  ): Promise<ChainReport> {
    const { serviceId, length, pruned, hash } = chain;
    const now = await this.#chainOf(serviceId);
    if (now !== null && now.pruned > pruned) return this.#verify(serviceId, look);
    return { serviceId, length, pruned, hash, fault };
  }

  /** Reports each key that has no entry of its making, unless that may be one of those that were pruned. */
  async #verifyKeys(report: (key: AuditedKey) => void): Promise<void> {
    const prunedUntil = new Map<Id | null, Instant>();
    const mayBePruned = ({ serviceId, createdAt }: AuditedKey) =>
      createdAt <= (prunedUntil.get(serviceId) ?? 0);
    for (let after = ''; ; ) {
      const page = () => this.#ports.database.read(({ audit }) => audit.keys(after, PAGE));
      const keys = await page();
      // The entry of a key that was made just now may still be pending.
      const recordedLate = new Set<Id>();
      if (keys.some(({ isRecorded }) => !isRecorded)) {
        await this.#ports.places.caughtUp();
        for (const { id, isRecorded } of await page()) if (isRecorded) recordedLate.add(id);
      }
      for (const key of keys) {
        if (key.isRecorded || recordedLate.has(key.id) || mayBePruned(key)) continue;
        const chain = await this.#chainOf(key.serviceId);
        prunedUntil.set(key.serviceId, chain?.prunedUntil ?? 0);
        if (!mayBePruned(key)) report(key);
      }
      if (keys.length < PAGE) return;
      after = keys.at(-1)?.id ?? '';
    }
  }

  #chainOf(serviceId: Id | null): Promise<AuditChain | null> {
    return this.#ports.database.read(({ audit }) => audit.chain(serviceId));
  }
}

/** A report that names a fault of the chain as a whole, unless one is known already. */
const worse = (report: ChainReport, reason: string): ChainReport => ({
  ...report,
  fault: report.fault ?? { sequence: null, id: null, reason },
});

const faultOfEnd = (chain: AuditChain, { sequence, id, hash }: AuditEntry): AuditFault | null =>
  sequence === chain.length && hash !== chain.hash
    ? { sequence, id, reason: 'is not what the chain ends with' }
    : null;
