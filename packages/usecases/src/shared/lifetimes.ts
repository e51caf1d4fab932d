import type { Instant } from '@rekey/domain';
import type { Settings } from '../ports/index.ts';

/**
 * When tokens expire that are issued at `now`, and when their session ends by itself. Each refresh puts the end off, but
 * never beyond the one that the login set. `accessExpiresAt`: when the access token expires in itself.
 */
export function lifetimes(
  { refreshTokenTtlMs, sessionTtlMs }: Settings,
  {
    loginAt,
    now,
    accessExpiresAt,
  }: Readonly<Record<'loginAt' | 'now' | 'accessExpiresAt', Instant>>,
): { readonly access: Instant; readonly refresh: Instant; readonly session: Instant } {
  const end = loginAt + sessionTtlMs;
  const refresh = Math.min(now + refreshTokenTtlMs, end);
  return {
    access: Math.min(accessExpiresAt, end),
    refresh,
    // The last refresh may be at the last moment, and its access token then lives on.
    session: Math.min(accessExpiresAt + (refresh - now), end),
  };
}
