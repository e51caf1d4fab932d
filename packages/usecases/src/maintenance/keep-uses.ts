import type { Actor } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'keyUses' | 'sessionUses'>;

/** Rows that one transaction changes: others wait for it no longer than for a login. */
const BATCH = 200;

/** Writes down when keys and sessions were used last, all uses since the last run together. */
export class KeepUses {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Answers how many uses it wrote down. Where that fails, the rest wait for the next run. */
  async execute(actor: Actor): Promise<number> {
    onlyOperator(actor);
    const { database, keyUses, sessionUses } = this.#ports;
    const kinds = [
      [keyUses, 'keys'],
      [sessionUses, 'sessions'],
    ] as const;
    let total = 0;
    for (const [noted, kind] of kinds) {
      for (let uses = noted.take(BATCH); uses.length > 0; uses = noted.take(BATCH)) {
        const batch = uses;
        await database
          .transact((stores) => stores[kind].touch(batch))
          .catch((error: unknown) => {
            for (const use of batch) noted.note(use);
            throw error;
          });
        total += batch.length;
      }
    }
    return total;
  }
}
