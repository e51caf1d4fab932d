import { type Decision, requireUser, userOf, verifier } from '@rekey/client';
import fastify from 'fastify';

const { REKEY_URL: url = 'http://localhost:8042', REKEY_KEY: key, PORT = '3000' } = process.env;
if (!key) throw new Error('REKEY_KEY is missing: the key of the service');

/** How tokens were checked. A share of `asked` that rises is a feed that does not get through. */
const checks: Record<Decision, number> = { remembered: 0, verified: 0, asked: 0, refused: 0 };
const tokens = verifier({
  url,
  key,
  // `fresh`, `stale`, and why: alert on `stale` that lasts.
  onEvent: (event) => console.log(`rekey: ${event.type}`),
  onCheck: (how) => {
    checks[how] += 1;
  },
});

const app = fastify();

app.register(async (api) => {
  api.addHook('onRequest', requireUser(tokens));
  api.get('/api/me', async (request) => ({ id: userOf(request).userId }));
});

app.register(async (api) => {
  // What cannot be taken back waits for Rekey each time.
  api.addHook('onRequest', requireUser({ verify: (token) => tokens.ask(token) }));
  api.post('/api/payments', async (request) => ({ paid_by: userOf(request).userId }));
});

// For Prometheus; not for the public.
app.get('/metrics', async () => {
  const rows = Object.entries(checks).map(
    ([how, count]) => `rekey_token_checks_total{how="${how}"} ${count}`,
  );
  return [...rows, `rekey_feed_fresh ${Number(tokens.state().isFresh)}`, ''].join('\n');
});

app.addHook('onClose', async () => tokens.close());
process.once('SIGTERM', () => void app.close());
// Rekey is asked about each token until the feed is followed, so nothing has to wait for that here.
console.log(await app.listen({ host: '127.0.0.1', port: Number(PORT) }));
