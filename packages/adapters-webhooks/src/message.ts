import { createHmac, createSecretKey } from 'node:crypto';
import type { Instant } from '@rekey/domain';
import type { WebhookCall } from '@rekey/usecases';

const PREFIX = 'whsec_';

/** The request of a call, as Standard Webhooks 1.0 says: the body is the event, as the feed has it. */
export function messageOf(
  { message, secrets }: Pick<WebhookCall, 'message' | 'secrets'>,
  now: Instant,
): { readonly body: Buffer; readonly headers: Readonly<Record<string, string>> } {
  const { id } = message;
  const text = JSON.stringify({
    id,
    type: message.type,
    created_at: new Date(message.createdAt).toISOString(),
    service_id: message.serviceId,
    user_id: message.userId,
    subject_id: message.subjectId,
    data: message.data,
  });
  const timestamp = String(Math.floor(now / 1000));
  const signed = `${id}.${timestamp}.${text}`;
  const signatures = secrets.map((secret) => {
    // Of the bytes themselves, Node makes a MAC in five times the time.
    const key = createSecretKey(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  });
  const body = Buffer.from(text);
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'content-length': String(body.length),
      'user-agent': 'Rekey',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatures.join(' '),
    },
  };
}
