import { IllegalArgument, type Violation } from './errors.ts';
import { isFarTooLong, utf8Length } from './text.ts';

/** RFC 5321, 4.5.3.1: octets of the local part and of the whole path. */
const MAX_LOCAL_OCTETS = 64;
const MAX_OCTETS = 254;

/** RFC 5322 dot-atom, and RFC 6531 letters and digits beyond ASCII. Quoted, group and comment forms are refused. */
const LOCAL_PART =
  /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;

/** A domain as it may be written, before it is turned into its ASCII form: letters, digits, hyphen, dot. */
const DOMAIN = /^[\p{L}\p{M}\p{N}.-]+$/u;

/** RFC 1035 labels, two at least, the last one not a number: `localhost` and IP addresses are no place for users. */
const ASCII_DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Characters that change or hide what is seen: format, bidirectional, variation selectors, fillers. */
const UNSEEN = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Z}]/u;

/** The one refusal of an address that is none and of one that is taken, so that it tells nothing of who has an account. */
export const refusedEmail = (field = 'email'): Violation => ({
  field,
  message: 'must be an e-mail address that can be used here',
  code: 'unusable',
});

/**
 * The canonical form of an e-mail address: NFC, lower case, the domain in its ASCII form (punycode).
 * Two spellings of one address have one canonical form, and only that form is kept.
 * Answers null for a text that is no address, and for an address that mail systems read in more than one way.
 */
export function canonicalEmail(text: string): string | null {
  if (isFarTooLong(text, MAX_OCTETS) || !text.isWellFormed() || UNSEEN.test(text)) return null;
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at).normalize('NFC').toLowerCase().normalize('NFC');
  // Folded by its own rules alone: lower case at the end of a word makes another domain of a sigma.
  const domain = asciiDomain(text.slice(at + 1));
  if (at < 1 || domain === null || !LOCAL_PART.test(local)) return null;
  const email = `${local}@${domain}`;
  // RFC 6531 counts octets of UTF-8.
  return utf8Length(local) <= MAX_LOCAL_OCTETS && utf8Length(email) <= MAX_OCTETS ? email : null;
}

/** An address as somebody is told of it who may not know it: its first letter, and its domain. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf('@');
  const [first = ''] = email.slice(0, at);
  return `${first}***${email.slice(at)}`;
}

/**
 * The name of an account as somebody claims it: in its canonical form where it is an address, and as it was sent where
 * it is as good as one, with an @ and something on both sides; no account has such a name. Throws `IllegalArgument`.
 */
export function parseClaimedEmail(text: string, field = 'email'): string {
  const canonical = canonicalEmail(text);
  if (canonical !== null) return canonical;
  const isFit = !isFarTooLong(text, MAX_OCTETS) && text.isWellFormed() && !UNSEEN.test(text);
  if (isFit && /^[^@]+@[^@]+$/.test(text)) return text;
  throw new IllegalArgument([refusedEmail(field)]);
}

/** The canonical form, or an `IllegalArgument` that names the field. */
export function parseEmail(text: string, field = 'email'): string {
  const email = canonicalEmail(text);
  if (email === null) throw new IllegalArgument([refusedEmail(field)]);
  return email;
}

/** UTS #46 by way of the WHATWG host parser, which every JavaScript runtime has. */
function asciiDomain(domain: string): string | null {
  const url = `http://${domain}/`;
  if (!DOMAIN.test(domain) || !URL.canParse(url)) return null;
  const { hostname } = new URL(url);
  return ASCII_DOMAIN.test(hostname) ? hostname : null;
}
