import type { Actor, AuditChain, AuditEntry, Id } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import { isSealed } from '../shared/record.ts';
import { type AuditFault, faultOf, type Link } from './audit-fault.ts';

type Needs = Pick<Ports, 'database' | 'macs'>;

/** Entries that are looked at at a time. */
const PAGE = 500;

/** The state of a chain. An operator who notes length and hash elsewhere can tell later that nothing was cut off. */
export type ChainReport = {
  /** Null for the operator's. */
  readonly serviceId: Id | null;
  /** How many entries it ever had, how many of the oldest were pruned, and the hash of the latest. */
  readonly length: number;
  readonly pruned: number;
  readonly hash: string | null;
  /** The first thing that is wrong with it. */
  readonly fault: AuditFault | null;
};

/** Looks at every entry of the audit, and finds entries that were changed, added or taken away behind Rekey's back. */
export class VerifyAudit {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** A report for each chain. Entries that come meanwhile do no harm. */
  async execute(actor: Actor): Promise<ChainReport[]> {
    onlyOperator(actor);
    const owners = await this.#ports.database.read(async ({ audit, services }) => {
      return new Set([...(await audit.owners()), ...(await services.ids())]);
    });
    const reports: ChainReport[] = [];
    for (const owner of owners) reports.push(await this.#verify(owner));
    return reports;
  }

  async #verify(serviceId: Id | null): Promise<ChainReport> {
    const { database, macs } = this.#ports;
    const chain = await database.read(({ audit }) => audit.chain(serviceId));
    if (chain === null) {
      const fault = { sequence: null, id: null, reason: 'the chain is missing' };
      return { serviceId, length: 0, pruned: 0, hash: null, fault };
    }
    const { length, pruned, hash } = chain;
    const report = { serviceId, length, pruned, hash };
    if (!isSealed(macs, chain)) {
      const reason = 'where the chain begins or ends is not as it was written';
      return { ...report, fault: { sequence: null, id: null, reason } };
    }

    let last: Link = { sequence: pruned, hash: chain.prunedHash };
    for (;;) {
      const { sequence } = last;
      const entries = await database.read(({ audit }) => audit.follow(serviceId, sequence, PAGE));
      for (const entry of entries) {
        const fault = faultOf(macs, last, entry) ?? faultOfEnd(chain, entry);
        if (fault) return this.#reportFault(chain, fault);
        last = entry;
      }
      if (entries.length < PAGE) break;
    }
    return last.sequence < length
      ? this.#reportFault(chain, { sequence: last.sequence + 1, id: null, reason: 'is missing' })
      : { ...report, fault: null };
  }

  /** Pruning at the same moment takes entries away that were still to be looked at: then verification begins anew. */
  async #reportFault(chain: AuditChain, fault: AuditFault): Promise<ChainReport> {
    const { serviceId, length, pruned, hash } = chain;
    const now = await this.#ports.database.read(({ audit }) => audit.chain(serviceId));
    if (now !== null && now.pruned > pruned) return this.#verify(serviceId);
    return { serviceId, length, pruned, hash, fault };
  }
}

const faultOfEnd = (chain: AuditChain, { sequence, id, hash }: AuditEntry): AuditFault | null =>
  sequence === chain.length && hash !== chain.hash
    ? { sequence, id, reason: 'is not what the chain ends with' }
    : null;
