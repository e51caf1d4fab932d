import type { Ports } from '../ports/index.ts';
import { ClaimDeliveries } from './claim-deliveries.ts';
import { CorrectDelivery } from './correct-delivery.ts';
import { CountDeliveries } from './count-deliveries.ts';
import { HandOver } from './hand-over.ts';
import { ListDeliveries } from './list-deliveries.ts';
import { MarkDeliveries } from './mark-deliveries.ts';
import { ReadNotice } from './read-notice.ts';
import { ReadUsedLink } from './read-used-link.ts';
import { RequeueDeadDeliveries } from './requeue-dead-deliveries.ts';
import { RequeueDelivery } from './requeue-delivery.ts';

export const deliveries = (ports: Ports) => ({
  claimDeliveries: new ClaimDeliveries(ports),
  correctDelivery: new CorrectDelivery(ports),
  countDeliveries: new CountDeliveries(ports),
  handOver: new HandOver(ports),
  listDeliveries: new ListDeliveries(ports),
  markDeliveries: new MarkDeliveries(ports),
  readNotice: new ReadNotice(ports),
  readUsedLink: new ReadUsedLink(ports),
  requeueDeadDeliveries: new RequeueDeadDeliveries(ports),
  requeueDelivery: new RequeueDelivery(ports),
});
