import type { Event, Id, PendingEntry } from '@rekey/domain';

/**
 * What was told and recorded in transactions that are committed, and has no place in its order yet. Transactions that add
 * to it wait for nobody; one transaction at a time gives places.
 */
export interface Pending {
  /**
   * Takes the turn of giving places, which the transaction has until it ends; answers whether it has it. Where another one
   * has it, waits for it, or answers false if it `isPatient` no more. Where the process of a transaction that has the turn
   * stands still, the database takes the turn away within a second, and undoes the transaction.
   */
  takeTurn(how: { readonly isPatient: boolean }): Promise<boolean>;
  /**
   * Deletes up to `limit` of what is pending, and answers it in the order in which it was added. Of two transactions of
   * which one began after the other was committed, or waited for a lock of the other, the earlier one comes first. Needs
   * the turn.
   */
  take(limit: number): Promise<Taken>;
  /** The entries of the audit that are pending of a service or of the operator, in the order in which they were added. */
  entriesOf(serviceId: Id | null): Promise<PendingEntry[]>;
  /** Whether nothing is pending of these services, or of anybody; null is the operator. */
  isEmpty(serviceIds?: readonly (Id | null)[]): Promise<boolean>;
}

export type Taken = {
  readonly events: readonly Event[];
  readonly entries: readonly PendingEntry[];
};
