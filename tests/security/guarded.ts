import { expect } from 'vitest';
import type { Answer } from './target.ts';

/** Nothing runs, nothing is framed; pages and documents loosen it for files of this server alone. */
const POLICY = /^default-src 'none'; (?:[a-z-]+ (?:'none'|'self'|data:)(?:; |$))+$/;

/** The headers that every answer has, whatever its status, and those that no answer has. */
export function expectGuarded({ status, headers, body }: Answer): void {
  // The keys of tokens and who issues them are everybody's, and gateways keep them for a while.
  const isPublic = status === 200 && /^\{"(?:keys|issuer)":/.test(JSON.stringify(body));
  expect(headers).toMatchObject({
    'cache-control': isPublic ? expect.stringMatching(/^public, max-age=\d+$/) : 'no-store',
    'content-security-policy': expect.stringMatching(POLICY),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  const absent = [
    'server',
    'x-powered-by',
    'access-control-allow-origin',
    'set-cookie',
    ...(isPublic ? [] : ['etag']),
  ].filter((name) => headers[name] !== undefined);
  expect(absent).toEqual([]);
  expect('www-authenticate' in headers).toBe(status === 401);
  expect('retry-after' in headers).toBe(status === 429 || status === 503);
  if (status >= 400) {
    expect(String(headers['content-type'])).toMatch(
      /^(?:application\/problem\+json|text\/html); charset=utf-8$/,
    );
  }
}
