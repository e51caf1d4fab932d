import { setImmediate } from 'node:timers/promises';
import { type Verifier, verifier } from '../../packages/client/src/index.ts';
import { uptimeMs } from './figures.ts';
import { SERVICE_KEY } from './rekey.ts';

/** Where Rekey is, or a token: whether it is trusted, or, with `isWatched`, until when it was. */
export type Asked =
  | { readonly url: string }
  | { readonly token: string; readonly isWatched: boolean };
export type Told = { readonly isTrusted: boolean; readonly trustedAt: number };

/** A backend that verifies tokens itself. `trustedAt`: when the last check began that let the token in, by `uptimeMs`. */
let local: Verifier | null = null;

async function answer(asked: Asked): Promise<Told> {
  if ('url' in asked) {
    local = verifier({ url: asked.url, key: SERVICE_KEY });
    await local.ready();
    return { isTrusted: false, trustedAt: 0 };
  }
  let trustedAt = 0;
  for (;;) {
    const began = uptimeMs();
    if (!(await local?.verify(asked.token))) return { isTrusted: false, trustedAt };
    trustedAt = began;
    if (!asked.isWatched) return { isTrusted: true, trustedAt };
    // A token that is remembered is checked without a turn of the event loop, in which the feed would be read.
    await setImmediate();
  }
}

process.on('message', (asked: Asked) => void answer(asked).then((told) => process.send?.(told)));
process.once('disconnect', () => process.exit());
process.send?.('ready');
