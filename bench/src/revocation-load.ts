import { load } from './client.ts';
import { around } from './rekey.ts';

export type Work = { readonly urls: readonly string[]; readonly requests: readonly string[] };

/** How many are under way at a time. */
const AT_A_TIME = 12;

/** Keeps servers busy with these requests, again and again, until it is let go. */
process.on('message', ({ urls, requests }: Work) => {
  const shots = around(requests.map((text) => Buffer.from(text)));
  const forEver = { connections: AT_A_TIME, ms: Number.POSITIVE_INFINITY, warm: 0 };
  void load(urls, forEver, shots);
  process.send?.({});
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
