import { IllegalArgument } from './errors.ts';

/** Characters that nobody sees, and that a reader of links passes over or not. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/** Any of these is a link to some mail program. */
const LINKS: readonly RegExp[] = [
  // https://, steam://, and //host as browsers have it; \\server as Windows has it.
  /:\/\/|\/\/[\p{L}\p{N}]|\\\\[\p{L}\p{N}]/u,
  // Schemes that need no slashes.
  /(?<![\p{L}\p{N}])(?:mailto|sms|callto|sips?|skype|xmpp|magnet|facetime|javascript|webcal):\S/iu,
  /(?<![\p{L}\p{N}])www\d*\.\S|href\s*=/iu,
  // An address needs no dot: root@localhost.
  /[^\s@]@[^\s@]/u,
  // A host: its last label has two letters or more, and no digit before a hyphen. So e.g., a.m. and 3.5GB are none.
  /[\p{L}\p{M}\p{N}_-]\.\p{L}\p{M}*\p{L}[\p{L}\p{M}]*(?![\p{L}\p{M}\p{N}])/u,
  // The full stop of Chinese and Japanese stands in hosts as well, and ends sentences that no space follows.
  /[a-z0-9-]。[a-z]{2,}(?![a-z0-9])/iu,
];

/** Four groups of digits: not five, which is a telephone number to the French. */
const FOUR_GROUPS = /(?<![\d.])\d+(?:\.\d+){3}(?!\d|\.\d)/g;
/** What a part of an IP address is written like. */
const OCTET = /^(?:0|[1-9]\d{0,2})$/;

/**
 * Whether a mail program may make a link of any part of a text: a URL, a host (with a path or without), an e-mail or IP
 * address, whatever script it is in. A sentence has none of them where a space follows each full stop.
 */
export function readsAsLink(text: string): boolean {
  const plain = text.replaceAll(UNSEEN, '').normalize('NFKC');
  if (LINKS.some((link) => link.test(plain))) return true;
  const groups = plain.match(FOUR_GROUPS) ?? [];
  return groups.some((each) => each.split('.').every((part) => OCTET.test(part)));
}

/** A text that was parsed, unless it reads as a link. */
export function parseLinkless(text: string, field: string): string {
  if (!readsAsLink(text)) return text;
  const message =
    'must hold no URL, domain or e-mail address, nor anything like one; write a space after each full stop';
  throw new IllegalArgument([{ field, message, code: 'malformed' }]);
}
