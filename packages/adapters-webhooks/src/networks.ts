import { BlockList, isIPv4, isIPv6 } from 'node:net';

type Family = 'ipv4' | 'ipv6';
const LONGEST = { ipv4: 32, ipv6: 128 };

/**
 * Networks that are nobody's on the Internet, or that are not one receiver's: IANA's registries of special-purpose addresses
 * (RFC 6890 and those after it), multicast (RFC 5771, RFC 4291), and the addresses at which clouds keep the credentials of a
 * machine, which lie in them.
 */
const CLOSED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure answers from it inside of every machine.
  '168.63.129.16/32',
];

/**
 * Of IPv6, only what is given out to receivers is open: 2000::/3 without these. Each of them is for examples, or stands for
 * an IPv4 address: Teredo and the rest of 2001::/23, 6to4, documentation.
 */
const OPEN_IPV6 = '2000::/3';
const CLOSED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const IN_IPV6 = /^::ffff:(?<ipv4>[\d.]+)$/i;

/** Networks in CIDR notation, or addresses, with commas between them. Throws for a text that is something else. */
export function parseNetworks(text: string): readonly string[] {
  const networks = text.split(',').flatMap((each) => each.trim() || []);
  const list = new BlockList();
  for (const network of networks) {
    if (!add(list, network)) {
      throw new Error('must be networks like 10.0.0.0/8, with commas between them');
    }
  }
  return networks;
}

/** Whether a receiver may be at an address, where the operator opened some networks that are closed otherwise. */
export function guard(opened: readonly string[]): (address: string) => boolean {
  const closed = listOf([...CLOSED, ...CLOSED_IPV6]);
  const ipv6 = listOf([OPEN_IPV6]);
  const open = listOf(opened);
  return (given) => {
    // An IPv4 address is judged as one, whichever way it is written.
    const address = IN_IPV6.exec(given)?.groups?.ipv4 ?? given;
    const family = familyOf(address);
    if (family === null) return false;
    if (open.check(address, family)) return true;
    return !closed.check(address, family) && (family === 'ipv4' || ipv6.check(address, family));
  };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) add(list, network);
  return list;
}

/** Adds a network to a list; answers false, and adds nothing, where the text is none. */
function add(list: BlockList, text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = familyOf(address);
  if (family === null || more.length > 0) return false;
  const prefix = bits === undefined ? LONGEST[family] : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (prefix < 0 || prefix > LONGEST[family]) return false;
  list.addSubnet(address, prefix, family);
  return true;
}

function familyOf(address: string): Family | null {
  if (isIPv4(address)) return 'ipv4';
  // One with a zone is of a link.
  return isIPv6(address) && !address.includes('%') ? 'ipv6' : null;
}
