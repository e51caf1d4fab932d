import {
  type Actor,
  type Id,
  IllegalArgument,
  type Instant,
  parseAll,
  parseInstant,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { findWebhook, lockWebhook } from '../shared/find-webhook.ts';
import { record } from '../shared/record.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

export type ReplayWebhookInput = {
  readonly id: Id;
  /** As in RFC 3339: the events that happened then, both included. */
  readonly from: string;
  readonly to: string;
};

/** Events have the order of their commits: by the clock, they may be so far apart that stand side by side. */
const DISORDER_MS = 60_000;

/**
 * Has a webhook called again with the events of a while, as far as they are kept: whether it was called with them before or
 * not. Each has the id that it had.
 */
export class ReplayWebhook {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for unknown and foreign webhooks alike; `IllegalArgument` for a while that ends before it begins,
   * and while another replay is under way.
   */
  async execute(actor: Actor, { id, ...input }: ReplayWebhookInput): Promise<void> {
    const { database } = this.#ports;
    const { from, to } = parseAll({
      from: () => parseInstant(input.from, 'from'),
      to: () => parseInstant(input.to, 'to'),
    });
    if (to < from) throw refused('to', 'must not be before `from`', 'out_of_range');

    const range = await database.read(async (stores) => {
      const { serviceId } = await findWebhook(stores, actor, id);
      const after = await lastBefore(stores, serviceId, from - DISORDER_MS);
      const until = await lastBefore(stores, serviceId, to + 1 + DISORDER_MS);
      return { after, until };
    });

    await database.transact(async (stores) => {
      const { webhook, places } = await lockWebhook(stores, actor, id);
      if (places.replay !== null) {
        throw refused('id', 'is that of a webhook with a replay under way', 'not_allowed');
      }
      await stores.webhooks.replay(id, { ...range, from, to });
      const { serviceId } = webhook;
      const data = { from: input.from, to: input.to };
      const entry = { type: 'rekey:WebhookReplay', serviceId, subjectId: id, data } as const;
      await record(this.#ports, stores, actor, entry);
    });
  }
}

/** The place of the last event of a service from before an instant, found by halving. */
async function lastBefore(
  { events }: Pick<Stores, 'events'>,
  serviceId: Id,
  instant: Instant,
): Promise<number> {
  const { first, last } = await events.bounds(serviceId);
  let [low, high] = [Math.max(0, first - 1), last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [event] = await events.follow(serviceId, middle, 1);
    if (event && event.createdAt < instant) low = event.sequence;
    else high = middle;
  }
  return low;
}

const refused = (field: string, message: string, code: 'not_allowed' | 'out_of_range') =>
  new IllegalArgument([{ field, message, code }]);
