import type { AddressInfo } from 'node:net';
import express from 'express';
import { Webhook } from 'standardwebhooks';

const { WEBHOOK_SECRET, PORT = '3000' } = process.env;
if (!WEBHOOK_SECRET) throw new Error('WEBHOOK_SECRET is missing: the `secret` of the webhook');
const webhook = new Webhook(WEBHOOK_SECRET);

/** The ids of events that were handled: a table with a unique column, where you have a database. */
const handled = new Set<string>();

const app = express();
// The signature is over the bytes that came: nothing may parse them before.
app.post('/hook', express.text({ type: 'application/json' }), (request, response) => {
  try {
    webhook.verify(request.body, request.headers as Record<string, string>);
  } catch {
    response.sendStatus(401);
    return;
  }
  const event = JSON.parse(request.body);
  if (!handled.has(event.id)) {
    console.log(`${event.type} ${event.user_id ?? ''}`);
    handled.add(event.id);
  }
  // Only now: an event that is not answered with 2xx comes again.
  response.sendStatus(204);
});
const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
