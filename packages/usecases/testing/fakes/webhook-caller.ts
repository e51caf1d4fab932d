import type { WebhookAnswer } from '@rekey/domain';
import type { WebhookCall, WebhookCaller } from '../../src/ports/index.ts';

/** Keeps the calls that it makes, and answers each as it is told: with 200, unless something else is said. */
type FakeWebhookCaller = WebhookCaller & {
  readonly calls: WebhookCall[];
  /** What to answer, by the call. */
  manners: (call: WebhookCall) => Partial<WebhookAnswer>;
};

/** Hosts in `private.example` may not be called. */
export function fakeWebhookCaller(): FakeWebhookCaller {
  const fake: FakeWebhookCaller = {
    calls: [],
    manners: () => ({}),
    admits: async (url) => !new URL(url).hostname.endsWith('private.example'),
    call: async (call) => {
      fake.calls.push(call);
      return { failure: null, status: 200, durationMs: 1, ...fake.manners(call) };
    },
  };
  return fake;
}
