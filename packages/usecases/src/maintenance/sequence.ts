import type { Actor, Instant } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'places'>;

/**
 * Gives its place to what was told and recorded in transactions that are committed. Any process may do it at any time,
 * several at once too: one of them has the turn.
 */
export class Sequence {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Answers the instant up to which everything that was committed has its place now; null where another process is at it.
   * With `isPatient` it waits for that, and never answers null.
   */
  execute(actor: Actor, { isPatient = false } = {}): Promise<Instant | null> {
    onlyOperator(actor);
    return this.#ports.places.give({ isPatient });
  }
}
