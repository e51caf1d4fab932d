import type { Ports } from '../ports/index.ts';
import { Feeds } from './feeds.ts';
import { FollowEvents } from './follow-events.ts';

export const events = (ports: Ports) => ({
  followEvents: new FollowEvents(ports, new Feeds(ports)),
});
