import type { AddressInfo } from 'node:net';
import { rekeyClient } from '@rekey/client';
import { shop } from './app.ts';

const { REKEY_URL = 'http://localhost:8042', REKEY_KEY: key, PORT = '3000' } = process.env;
/** Where people find Rekey: `PUBLIC_URL` of it, and `/local`. */
const { REKEY_PAGE: hostedPage = 'http://localhost:8042/local' } = process.env;
/** Where people find the shop: one of Rekey's `WEBAUTHN_ORIGINS`. */
const { ORIGIN: origin = `http://localhost:${PORT}` } = process.env;
if (!key)
  throw new Error('REKEY_KEY is missing: the key that `rekey create-service-with-key` showed');

const secure = process.env.NODE_ENV === 'production';
// What was done although its answer was lost is not done again.
const rekey = rekeyClient({ url: REKEY_URL, key, retries: 2 });
const server = shop(rekey, { secure, origin, hostedPage }).listen(Number(PORT), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
