import type { Actor, DeliveryState } from '@rekey/domain';
import type { ListedDelivery, Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database'>;

type ListDeliveriesInput = {
  /** Null: any. */
  readonly state: DeliveryState | null;
  readonly limit: number;
};

/** Shows the operator the deliveries that changes owe or owed, the latest first. */
export class ListDeliveries {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(actor: Actor, { state, limit }: ListDeliveriesInput): Promise<ListedDelivery[]> {
    onlyOperator(actor);
    return this.#ports.database.read(({ deliveries }) => deliveries.list(state, limit));
  }
}
