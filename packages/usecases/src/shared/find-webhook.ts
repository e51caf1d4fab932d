import { type Actor, type Id, IllegalArgument, may, NotFound, type Webhook } from '@rekey/domain';
import type { KeptWebhook, Ports, Stores } from '../ports/index.ts';

/** A webhook that the actor sees. Throws `NotFound` for unknown and foreign webhooks alike. */
export async function findWebhook(
  { webhooks }: Pick<Stores, 'webhooks'>,
  actor: Actor,
  id: Id,
): Promise<Webhook> {
  const webhook = await webhooks.get(id);
  if (webhook === null || !may(actor, 'see webhook', webhook)) throw new NotFound();
  return webhook;
}

/** A webhook that the actor sees, locked until the transaction ends. Throws like `findWebhook`. */
export async function lockWebhook(
  stores: Pick<Stores, 'webhooks'>,
  actor: Actor,
  id: Id,
): Promise<KeptWebhook> {
  await findWebhook(stores, actor, id);
  const kept = await stores.webhooks.lock(id);
  if (kept === null) throw new NotFound();
  return kept;
}

/** Throws `IllegalArgument` for a URL whose host may not be called. */
export async function checkHost(
  { webhookCaller }: Pick<Ports, 'webhookCaller'>,
  url: string,
  field = 'url',
): Promise<void> {
  if (await webhookCaller.admits(url)) return;
  const message =
    'leads into a private network: the operator opens one with WEBHOOK_PRIVATE_NETWORKS';
  throw new IllegalArgument([{ field, message, code: 'not_allowed' }]);
}
