import type { onRequestHookHandler } from 'fastify';
import { HttpError } from './problem.ts';

/**
 * Refuses requests from pages of other sites, but for those that change nothing and those of allowed origins. Browsers
 * say where a request comes from, and no page can say it for them; programs that are no browsers say nothing and are let
 * in. `mayHide`: whether `Origin: null` is let in where that is all that a browser says. Rekey's own pages send it, as they
 * tell nobody where they are; so can pages of others.
 */
export function refuseForeignSites(
  publicUrl: string,
  { allowed = [], mayHide }: { readonly allowed?: readonly string[]; readonly mayHide: boolean },
): onRequestHookHandler {
  const own = new URL(publicUrl).origin;
  return ({ method, headers }, _reply, done) => {
    const { origin = own, 'sec-fetch-site': site } = headers;
    const isOwnSite = site === 'same-origin' || site === 'none';
    const isOwnOrigin = origin === own || (origin === 'null' && (isOwnSite || mayHide));
    const isOwn = isOwnOrigin && (isOwnSite || site === undefined);
    const isAllowed = allowed.includes(origin);
    const isSafe = method === 'GET' || method === 'HEAD';
    done(
      isOwn || isAllowed || isSafe
        ? undefined
        : new HttpError('cross_site_request', 'this form is not ours'),
    );
  };
}
