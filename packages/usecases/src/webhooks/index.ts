import type { Ports } from '../ports/index.ts';
import { AdvanceWebhook } from './advance-webhook.ts';
import { CallWebhook } from './call-webhook.ts';
import { CountWebhooks } from './count-webhooks.ts';
import { CreateWebhook } from './create-webhook.ts';
import { DeleteWebhook } from './delete-webhook.ts';
import { LeaseWebhooks } from './lease-webhooks.ts';
import { ListWebhookDeliveries } from './list-webhook-deliveries.ts';
import { ListWebhooks } from './list-webhooks.ts';
import { ReadWebhook } from './read-webhook.ts';
import { ReplayWebhook } from './replay-webhook.ts';
import { RotateWebhook } from './rotate-webhook.ts';
import { TestWebhook } from './test-webhook.ts';
import { UpdateWebhook } from './update-webhook.ts';

export const webhooks = (ports: Ports) => ({
  advanceWebhook: new AdvanceWebhook(ports),
  callWebhook: new CallWebhook(ports),
  countWebhooks: new CountWebhooks(ports),
  createWebhook: new CreateWebhook(ports),
  deleteWebhook: new DeleteWebhook(ports),
  leaseWebhooks: new LeaseWebhooks(ports),
  listWebhookDeliveries: new ListWebhookDeliveries(ports),
  listWebhooks: new ListWebhooks(ports),
  readWebhook: new ReadWebhook(ports),
  replayWebhook: new ReplayWebhook(ports),
  rotateWebhook: new RotateWebhook(ports),
  testWebhook: new TestWebhook(ports),
  updateWebhook: new UpdateWebhook(ports),
});
