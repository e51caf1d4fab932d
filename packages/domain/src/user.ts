import { IllegalArgument, type ViolationCode } from './errors.ts';
import { noFactors, type SecondFactors } from './factor.ts';
import type { Id, Instant } from './ids.ts';
import { isExact, SAFE_NUMBERS } from './json.ts';
import { formServiceId } from './service.ts';
import { isFarTooLong, utf8Length } from './text.ts';

/** The owner of an account. */
export type User = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly isEnabled: boolean;
  /** Whether the owner locked the account with the link of a mail. */
  readonly isLocked: boolean;
  /** Whether an operator disabled the user, whom no service enables then. */
  readonly isDisabledByOperator: boolean;
  /** Whether the user has the role `admin` at the built-in service. */
  readonly isAdmin: boolean;
  readonly name: string;
  /** In its canonical form, see `parseEmail`. */
  readonly email: string;
  /** Whether a mail to the address was answered. A visit to the link does for that, and machines visit links too. */
  readonly emailValid: boolean;
  /** Whether somebody acted on a mail to the address, which no visit does: nothing less counts as a proof. */
  readonly emailProven: boolean;
  /** Whether it is another one than the account was made with: whoever made the account does not vouch for it. */
  readonly emailChanged: boolean;
  /** A BCP 47 language tag. */
  readonly locale: string;
  /** A name of the IANA time zone database. */
  readonly timezone: string;
  readonly passwordAllowReset: boolean;
  readonly passwordRequireUpdate: boolean;
  /** Null where there was none. */
  readonly lastLoginAt: Instant | null;
  /** The service that made the user; null for a root key. */
  readonly createdBy: Id | null;
  readonly factors: SecondFactors;
};

type Given = 'id' | 'createdAt' | 'name' | 'email' | 'locale' | 'timezone' | 'createdBy';

/** A user as it begins, but for what is given: open, with an address that nobody proved, and without a past. */
export const newUser = (given: Pick<User, Given> & Partial<User>): User => ({
  updatedAt: given.createdAt,
  isEnabled: true,
  isLocked: false,
  isDisabledByOperator: false,
  isAdmin: false,
  emailValid: false,
  emailProven: false,
  emailChanged: false,
  passwordAllowReset: true,
  passwordRequireUpdate: false,
  lastLoginAt: null,
  factors: noFactors,
  ...given,
});

/** The roles of people at the built-in service: `user` is everybody's, `admin` is granted by the operator. */
export const roles = ['user', 'admin'] as const;
export type Role = (typeof roles)[number];

export const rolesOf = ({ isAdmin }: Pick<User, 'isAdmin'>): readonly Role[] =>
  isAdmin ? roles : ['user'];

/** What a service keeps with a user, for itself: texts, numbers and flags under names. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** A user with the attributes of the service that looks. */
export type SeenUser = User & { readonly attributes: Attributes };

/** Of the JSON of all attributes of a user at a service, in UTF-8. */
export const MAX_ATTRIBUTES_BYTES = 4096;

/** A flat object of texts, numbers, flags and nulls, which is kept as it was written. */
export function parseAttributes(given: unknown, field = 'attributes'): Attributes {
  const refused = (message: string, code: ViolationCode) =>
    new IllegalArgument([{ field, message, code }]);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw refused('must be an object', 'malformed');
  }
  const values = Object.values(given);
  if (values.some((value) => typeof value === 'number' && !isExact(value))) {
    throw refused(SAFE_NUMBERS, 'out_of_range');
  }
  if (values.some((value) => value !== null && typeof value === 'object')) {
    throw refused(
      'must have no other values than strings, numbers, true, false and null',
      'malformed',
    );
  }
  if (utf8Length(JSON.stringify(given)) > MAX_ATTRIBUTES_BYTES) {
    throw refused(`must be ${MAX_ATTRIBUTES_BYTES} bytes of JSON at most`, 'too_long');
  }
  return given as Attributes;
}

/** The length of an address. */
const MAX_SEARCH_LENGTH = 254;

/** The beginning of a name or address, in any case. */
export function parseSearch(text: string, field = 'search'): string {
  const isRead = !isFarTooLong(text, MAX_SEARCH_LENGTH) && text.isWellFormed();
  if (!isRead || text.trim() === '' || [...text].length > MAX_SEARCH_LENGTH) {
    const message = `must be 1 to ${MAX_SEARCH_LENGTH} characters`;
    throw new IllegalArgument([{ field, message, code: 'malformed' }]);
  }
  return text;
}

/** A place in a list of users by the folded form of their names, and by their ids within a name. */
export type NamePlace = { readonly name: string; readonly id: Id };

/** Before and after every id of a user: places within a name. */
export const FIRST_ID: Id = '00000000-0000-0000-0000-000000000000';
export const LAST_ID: Id = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * A page of users by id or by name: at most `limit` of them, all between the places. From the first on, ascending; or,
 * where it begins at the end, from the last on, descending.
 */
export type UserPage = { readonly limit: number; readonly beginsAtEnd: boolean } & (
  | { readonly by: 'id'; readonly after?: Id | undefined; readonly before?: Id | undefined }
  | {
      readonly by: 'name';
      readonly after?: NamePlace | undefined;
      readonly before?: NamePlace | undefined;
    }
);

/** The places that are on a page, in its order, out of any number of them. */
export function onUserPage<Place extends NamePlace>(
  places: readonly Place[],
  page: UserPage,
): Place[] {
  const order = (a: NamePlace, b: NamePlace) =>
    (page.by === 'name' ? byCodePoints(a.name, b.name) : 0) || byCodePoints(a.id, b.id);
  const whole = (place: Id | NamePlace | undefined) =>
    typeof place === 'string' ? { name: '', id: place } : place;
  const [after, before] = [whole(page.after), whole(page.before)];
  const between = places.filter(
    (place) => (!after || order(place, after) > 0) && (!before || order(place, before) < 0),
  );
  const sign = page.beginsAtEnd ? -1 : 1;
  return between.toSorted((a, b) => sign * order(a, b)).slice(0, page.limit);
}

/** As the octets of UTF-8 compare. */
function byCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x === y) continue;
    // Characters of two units come after all others.
    return isOfPair(x) === isOfPair(y) ? x - y : isOfPair(x) ? 1 : -1;
  }
  return a.length - b.length;
}

const isOfPair = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/**
 * Whether somebody vouches for it that the address of an account is its owner's: the owner by a proof, or the service or
 * operator that made the account. It says which accounts stay, and to whom they are given as they are, and nothing more: who gets
 * an account by its address has to have proven it (`emailProven`).
 */
export const isProven = ({
  createdBy,
  emailProven,
}: Pick<User, 'createdBy' | 'emailProven'>): boolean => emailProven || createdBy !== formServiceId;

/**
 * Whether mails about an account go to a mailbox that is known to be its owner's. All others are bounded by what strangers
 * can start: anybody can give an account the address of somebody else.
 */
export const hasOwnMailbox = ({
  createdBy,
  emailProven,
  emailChanged,
}: Pick<User, 'createdBy' | 'emailProven' | 'emailChanged'>): boolean =>
  emailProven || (createdBy !== formServiceId && !emailChanged);

/** The secret side of a user. It never leaves the use cases. */
export type Credential = {
  /** As the hasher wrote it; null where the user has no password. */
  readonly passwordHash: string | null;
  /** Raised by each change of the password and by the lock: a proof holds only for the version it was made with. */
  readonly version: number;
  /** How good the password of some version is, sealed by the login that judged it; null where none did. */
  readonly sealedQuality: string | null;
  /** Raised by the lock: devices and networks that were known before are not any more. */
  readonly deviceEpoch: number;
  /** Those that the account logs in from, see `withNetwork`; null where it never did. */
  readonly networks: string | null;
};

/** A user together with its credential. */
export type Account = { readonly user: User; readonly credential: Credential };
