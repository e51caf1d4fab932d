/** Where a request came from, as far as that is known. */
export type Origin = {
  /** An IP address. */
  readonly address: string;
  /** The User-Agent, as sent: never to be shown without defusing it. */
  readonly client: string | null;
  /** The X-Forwarded-For, as sent: whoever asks can write anything into it. */
  readonly forwarded?: string;
};

/** Where the operator is at the command line, as far as others are told. */
export const nowhere: Origin = { address: '', client: null };

/**
 * The network that an address stands for: IPv4 addresses are counted one by one, IPv6 addresses by their first 64 bits,
 * because the holder of one of those addresses has all of them.
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [bare = ''] = address.split('%');
  const [head = [], tail = []] = bare.split('::').map((part) => (part ? part.split(':') : []));
  // An IPv4 address at the end stands for two groups.
  const length = head.length + tail.length + (bare.includes('.') ? 1 : 0);
  const zeros = Array.from({ length: Math.max(0, 8 - length) }, () => '0');
  const groups = [...head, ...zeros, ...tail].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
