import type { Actor, Id, WebhookAnswer } from '@rekey/domain';
import type { OwedCall, Ports } from '../ports/index.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'webhookCaller'>;

/** A call that is to be made now. */
export type OutgoingCall = OwedCall & {
  readonly webhookId: Id;
  readonly url: string;
  readonly secrets: readonly string[];
};

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
