import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6, type Socket } from 'node:net';

/** Of what proxies wrote: two dozen addresses. They write at its end; before it a client may have written anything. */
const MAX_FORWARDED_LENGTH = 1000;

/** A port, or a name for one that is not told (RFC 7239, 6). */
const PORT = String.raw`:(?:\d{1,5}|_[\w.-]+)`;
const BRACKETED = new RegExp(String.raw`^\[([^\]]*)\](?:${PORT})?$`);
const WITH_PORT = new RegExp(`^(.+?)${PORT}$`);

export type Matcher = (address: string) => boolean;

/** Whether an address is one of these, or in one of these ranges. */
export function matcherOf(ranges: readonly string[]): Matcher {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    if (isIPv6(address)) list.addSubnet(address, Number(bits ?? 128), 'ipv6');
    else list.addSubnet(address, Number(bits ?? 32), 'ipv4');
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

type Request = Pick<IncomingMessage, 'socket' | 'headers'>;

/**
 * Tells the address that a request came from: the socket's, or the one that trusted proxies forwarded. Each proxy names
 * whom it heard, so the last address that is no trusted proxy's is the client's. Where a proxy names nobody ("unknown", an
 * identifier of its own), its own address is all that is known.
 */
export function clientAddresses(isTrusted: Matcher): (request: Request) => string {
  // Of a connection once, and not of each of its requests.
  const peers = new WeakMap<Socket, { readonly address: string; readonly isProxy: boolean }>();

  return ({ socket, headers }) => {
    let peer = peers.get(socket);
    if (!peer) {
      const address = plainAddress(socket.remoteAddress ?? 'unknown');
      peer = { address, isProxy: isIP(address) > 0 && isTrusted(address) };
      peers.set(socket, peer);
    }
    let { address } = peer;
    if (!peer.isProxy) return address;
    for (const next of forwarded(headers)) {
      if (next === null) break;
      address = next;
      if (!isTrusted(address)) break;
    }
    return address;
  };
}

/** The addresses that proxies wrote, the latest first; null for each that is none. */
function forwarded(headers: IncomingMessage['headers']): (string | null)[] {
  const { 'x-forwarded-for': plain, forwarded: standard } = headers;
  if (plain !== undefined) return elementsOf([plain].flat().join()).map(addressIn);
  if (standard === undefined) return [];
  return elementsOf(standard).map((element) => addressIn(forOf(element)));
}

function elementsOf(header: string): string[] {
  const elements = header.slice(-MAX_FORWARDED_LENGTH).split(',');
  // What is left of the first one.
  if (header.length > MAX_FORWARDED_LENGTH) elements[0] = 'unknown';
  return elements
    .map((element) => element.trim())
    .filter((element) => element !== '')
    .reverse();
}

/** The node that an element of `Forwarded` says the request is for (RFC 7239, 4); no address has a comma or semicolon. */
function forOf(element: string): string {
  const nodes = element.split(';').flatMap((pair) => /^\s*for=(.*?)\s*$/i.exec(pair)?.[1] ?? []);
  return nodes.length === 1 ? (nodes[0] ?? '') : 'unknown';
}

/** The address in a node: quoted, in brackets, with a port, or none of it. */
function addressIn(node: string): string | null {
  const bare = node.replace(/^"(.*)"$/, '$1').replaceAll(/\\(.)/g, '$1');
  const [, inBrackets] = BRACKETED.exec(bare) ?? [];
  const candidate = inBrackets ?? (isIP(bare) > 0 ? bare : (WITH_PORT.exec(bare)?.[1] ?? bare));
  return isIP(candidate) > 0 ? plainAddress(candidate) : null;
}

/**
 * An address in the one form that people know: an IPv4 address that came over an IPv6 socket is written as IPv4, and an
 * IPv6 address in its shortest form, without the zone of its link.
 */
export function plainAddress(address: string): string {
  const [bare = ''] = address.split('%', 1);
  if (!isIPv6(bare)) return address;
  const short = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  const bytes = [high, low].flatMap((word) => {
    const number = Number.parseInt(word, 16);
    return [number >> 8, number & 255];
  });
  return bytes.join('.');
}
