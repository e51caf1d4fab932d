import { DAY_MS, HOUR_MS, SECOND_MS } from './durations.ts';
import { IllegalArgument } from './errors.ts';
import { type EventType, eventTypes } from './event.ts';
import type { Id, Instant } from './ids.ts';
import { isUrl, parseName } from './text.ts';

/** An address of a service that is called with every event that it may know of, or with those of some types. */
export type Webhook = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly serviceId: Id;
  readonly url: string;
  /** The types of events that it is called with; empty for all. */
  readonly types: readonly EventType[];
  /** Words of the service; empty for none. */
  readonly description: string;
  readonly isEnabled: boolean;
  /** Since when it has been disabled; null while it is enabled. */
  readonly disabledAt: Instant | null;
  /** Until when calls are signed with the secret before the last rotation as well; null where no overlap was begun. */
  readonly overlapEndsAt: Instant | null;
};

/** An answer of 410 says that nobody wants to be called any more (Standard Webhooks 1.0). */
export const GONE = 410;

/** A service has no more of them. */
export const MAX_WEBHOOKS = 20;

/** For so long both secrets sign after a rotation. */
export const WEBHOOK_OVERLAP_MS = DAY_MS;

/** After so long without success an event disables its webhook. */
export const WEBHOOK_PATIENCE_MS = 3 * DAY_MS;

const FIRST_WAIT_MS = SECOND_MS;
const LONGEST_WAIT_MS = HOUR_MS;

/**
 * When an event is due again at a webhook where it failed now: after as long as it has been failing, 1 s at least and 1 h at
 * most, so that the waits double. Null where it failed for too long.
 */
export function nextCall(now: Instant, failingSince: Instant): Instant | null {
  // A clock that was set back begins the waits anew.
  const failingMs = Math.max(0, now - failingSince);
  if (failingMs >= WEBHOOK_PATIENCE_MS) return null;
  return now + Math.min(Math.max(failingMs, FIRST_WAIT_MS), LONGEST_WAIT_MS);
}

/** Why a call failed. Documented in docs/use-cases/webhooks.md. */
export const webhookFailures = [
  /** The answer had another status than 2xx. */
  'status',
  /** The answer was a redirect, which is not followed. */
  'redirect',
  /** No answer came in time. */
  'timeout',
  /** The name of the host has no address. */
  'unresolved',
  /** The host has an address that may not be called. */
  'refused_address',
  /** Nothing listens there, or no way leads there. */
  'unreachable',
  /** The certificate is not good, or TLS failed otherwise. */
  'tls',
  /** The connection was closed before the answer. */
  'closed',
  /** The answer was no HTTP. */
  'malformed',
] as const;
export type WebhookFailure = (typeof webhookFailures)[number];

/** The outcome of a call. */
export type WebhookAnswer = {
  /** Null where it was answered with 2xx. */
  readonly failure: WebhookFailure | null;
  /** Of the answer; null where none came. */
  readonly status: number | null;
  readonly durationMs: number;
};

export const webhookDeliveryStates = ['waiting', 'delivered'] as const;
export type WebhookDeliveryState = (typeof webhookDeliveryStates)[number];

/** What became of an event at a webhook. Nothing that was answered is kept but the status. */
export type WebhookDelivery = {
  /** The id of the event: `webhook-id` of every call with it. */
  readonly id: Id;
  readonly type: EventType;
  /** When the event happened. */
  readonly createdAt: Instant;
  readonly userId: Id | null;
  readonly state: WebhookDeliveryState;
  readonly attempts: number;
  /** When it is called next; null where it was delivered, and while an earlier event of its user is not. */
  readonly dueAt: Instant | null;
  readonly deliveredAt: Instant | null;
  /** Of the last call; null before the first one. */
  readonly last: WebhookAnswer | null;
};

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const HTTPS_PORT = 443;
const HTTP_PORT = 80;
const FIRST_FREE_PORT = 1024;

/**
 * A URL that Rekey may call: https, or http on this machine alone. The ports below 1024 are those of other protocols, but
 * for the two of HTTP. Whether its host is somewhere that may be called is not looked at.
 */
export function parseWebhookUrl(text: string, field = 'url'): string {
  const url = isUrl(text) && !text.includes('#') ? new URL(text) : null;
  const isSafe = url?.protocol === 'https:' || LOOPBACK.test(url?.hostname ?? '');
  if (url === null || !isSafe) {
    const message =
      'must be an absolute https URL without user, password and fragment; http is for this machine alone';
    throw new IllegalArgument([{ field, message, code: 'malformed' }]);
  }
  const usual = url.protocol === 'https:' ? HTTPS_PORT : HTTP_PORT;
  const port = url.port === '' ? usual : Number(url.port);
  if (port !== usual && port < FIRST_FREE_PORT) {
    const message = `must have the port ${usual}, or one from ${FIRST_FREE_PORT}`;
    throw new IllegalArgument([{ field, message, code: 'not_allowed' }]);
  }
  return text;
}

/** Types of events in the order that they were given in; none for all. */
export function parseEventTypes(texts: readonly string[], field = 'types'): readonly EventType[] {
  const types = texts.flatMap((text) => eventTypes.find((each) => each === text) ?? []);
  if (types.length < texts.length) {
    const message = 'must each be a type of an event';
    throw new IllegalArgument([{ field, message, code: 'unknown' }]);
  }
  if (new Set(types).size < types.length) {
    const message = 'must each be given once';
    throw new IllegalArgument([{ field, message, code: 'repeated' }]);
  }
  return types;
}

/** Words about a webhook: empty, or like a name. */
export const parseDescription = (text: string, field = 'description'): string =>
  text === '' ? '' : parseName(text, field);
