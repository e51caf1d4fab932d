import type { Event, WebhookAnswer } from '@rekey/domain';

/** The way out to webhooks. */
export interface WebhookCaller {
  /**
   * Whether the host of a URL may be called: none of its addresses is in a network that is closed to webhooks. A name that
   * is not known now may be: it is looked up again at each call.
   */
  admits(url: string): Promise<boolean>;
  /**
   * Calls a webhook, as Standard Webhooks 1.0 says, and answers what became of it within 10 s. Connects to no address that
   * may not be called, and follows no redirect. Null where the signal ended the call; never rejects.
   */
  call(call: WebhookCall, signal: AbortSignal): Promise<WebhookAnswer | null>;
}

export type WebhookCall = {
  readonly url: string;
  /** `whsec_` and base64 (RFC 4648, 4): each of them signs. */
  readonly secrets: readonly string[];
  /** An event, or a test, which has a type of its own. */
  readonly message: Pick<Event, 'id' | 'createdAt' | 'serviceId' | 'userId' | 'subjectId'> & {
    readonly type: string;
    readonly data: object;
  };
};
