/**
 * The domains (RP IDs) that the passkeys of some origins belong to: that of an origin is its host, or the shortest host
 * among all of them that it is a subdomain of. So the pages of `https://example.com` and `https://app.example.com` share
 * passkeys, and those of two subdomains do once the domain above is named as well.
 */
export function rpIdsOf(origins: readonly string[]): ReadonlyMap<string, string> {
  const hosts = origins
    .map((origin) => new URL(origin).hostname)
    .sort((a, b) => a.length - b.length);
  return new Map(
    origins.map((origin) => {
      const { hostname } = new URL(origin);
      const above = hosts.find((host) => hostname === host || hostname.endsWith(`.${host}`));
      return [origin, above ?? hostname];
    }),
  );
}
