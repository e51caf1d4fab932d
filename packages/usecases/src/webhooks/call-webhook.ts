import type { Actor, WebhookAnswer } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';
import type { OutgoingCall } from './advance-webhook.ts';

type Needs = Pick<Ports, 'webhookCaller'>;

/** A call that was answered, or that failed. */
export type CalledWebhook = OutgoingCall & { readonly answer: WebhookAnswer };

/** Calls a webhook with an event that it is owed. */
export class CallWebhook {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Null where the signal ended the call. */
  async execute(
    actor: Actor,
    { call, signal }: { readonly call: OutgoingCall; readonly signal: AbortSignal },
  ): Promise<CalledWebhook | null> {
    onlyOperator(actor);
    const { url, secrets, event } = call;
    const answer = await this.#ports.webhookCaller.call({ url, secrets, message: event }, signal);
    return answer && { ...call, answer };
  }
}
