import { audit } from './audit/index.ts';
import { callers } from './callers/index.ts';
import { csrf } from './csrf/index.ts';
import { deliveries } from './deliveries/index.ts';
import { events } from './events/index.ts';
import { factors } from './factors/index.ts';
import { keys } from './keys/index.ts';
import { maintenance } from './maintenance/index.ts';
import { moving } from './moving/index.ts';
import { passwords } from './passwords/index.ts';
import type { Ports } from './ports/index.ts';
import { providers } from './providers/index.ts';
import { recovery } from './recovery/index.ts';
import { requests } from './requests/index.ts';
import { services } from './services/index.ts';
import { sessions } from './sessions/index.ts';
import { noticingCommits } from './shared/commits.ts';
import { inUnits } from './shared/unit.ts';
import { throttling } from './throttling/index.ts';
import { users } from './users/index.ts';
import { webhooks } from './webhooks/index.ts';

export type { ChainReport } from './audit/verify-audit.ts';
export type { Corrected } from './deliveries/correct-delivery.ts';
export type { Handed } from './deliveries/hand-over.ts';
export type { Delivered } from './deliveries/mark-deliveries.ts';
export type { Told } from './deliveries/read-notice.ts';
export type { UsedLink } from './deliveries/read-used-link.ts';
export type { Requeued } from './deliveries/requeue-delivery.ts';
export type {
  EventsInput,
  EventsOutput,
  OpenedStream,
  StreamItem,
} from './events/follow-events.ts';
export type { ImportInput, ImportNews, ImportResult } from './moving/import-users.ts';
export * from './ports/index.ts';
export { keyUses } from './shared/key-uses.ts';
export type { SessionTokens } from './shared/open-session.ts';
export { lifeMs } from './shared/owe.ts';
export { places } from './shared/places.ts';
export { sealOwners } from './shared/seals.ts';
export type { ReadThrottle } from './throttling/read-throttles.ts';
export type { ExportedUser } from './users/export-user.ts';
export type { Advanced } from './webhooks/advance-webhook.ts';
export type { CalledWebhook, OutgoingCall } from './webhooks/call-webhook.ts';
export type { WebhookCounts } from './webhooks/count-webhooks.ts';

export type UseCases = ReturnType<typeof useCases>;

/** Everything that Rekey does, by room: the one list of it. */
export const useCases = (given: Ports) => {
  const ports = noticingCommits(given);
  const inside = inUnits(ports);
  const ofUsers = users(inside);
  return {
    audit: audit(inside),
    callers: callers(inside),
    csrf: csrf(inside),
    deliveries: deliveries(inside),
    events: events(inside),
    factors: factors(inside),
    keys: keys(inside),
    maintenance: maintenance(inside),
    moving: moving(inside, ofUsers),
    passwords: passwords(inside),
    providers: providers(inside),
    recovery: recovery(inside),
    requests: requests(ports),
    services: services(inside),
    sessions: sessions(inside),
    throttling: throttling(inside),
    users: ofUsers,
    webhooks: webhooks(inside),
  };
};
