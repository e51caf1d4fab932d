import { canonicalEmail } from './email.ts';
import { IllegalArgument } from './errors.ts';
import type { Id, Instant } from './ids.ts';
import { parseLinkless } from './link-text.ts';
import type { Provider } from './provider.ts';
import { isUrl, parseAll, parseMailText, parseName, parseUrl } from './text.ts';

/** Somebody's backend: it registers itself and acts for its users. */
export type Service = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** A service that is disabled can do nothing, and its users can do nothing at it. */
  readonly isEnabled: boolean;
  readonly name: string;
  readonly url: string;
  /** Whether people may register at the service by themselves; whatever it says, the service may create users. */
  readonly userAllowRegister: boolean;
  /** Text that mails of this service carry; empty for none. */
  readonly userEmailText: string;
  /** The page that links in mails lead to; null where Rekey hosts it. */
  readonly providerLocalUrl: string | null;
  /** The pages that sign-ins with a provider come back to. */
  readonly providerGithubOauth2Url: string | null;
  readonly providerMicrosoftOauth2Url: string | null;
  readonly providerGoogleOauth2Url: string | null;
  /** Whether the service lists, reads and changes all users, and not only those it knows. */
  readonly seesAllUsers: boolean;
  /** Whether owners open again by themselves the accounts that they locked. */
  readonly ownerRecovery: boolean;
  /** Whether a login at the service takes a second factor. */
  readonly requireFactor: boolean;
  /** Whether owners are mailed about a login from a new device. */
  readonly newDeviceMail: boolean;
  /** The place where people find help; null for that of the server. */
  readonly supportUrl: string | null;
};

/** The built-in service that owns the form dialect and the hosted pages. */
export const formServiceName = 'users';
export const formServiceId: Id = '00000000-0000-7000-8000-000000000001';

/** All that may be left out where a service is registered. */
export const serviceDefaults = {
  isEnabled: true,
  userAllowRegister: false,
  userEmailText: '',
  providerLocalUrl: null,
  providerGithubOauth2Url: null,
  providerMicrosoftOauth2Url: null,
  providerGoogleOauth2Url: null,
  seesAllUsers: false,
  ownerRecovery: false,
  requireFactor: false,
  newDeviceMail: false,
  supportUrl: null,
} as const satisfies Partial<Service>;

/** All that is kept of a service that is deleted: mails and links that are about it say its name. */
export const remainsOf = ({ id, createdAt, name }: Service, now: Instant): Service => ({
  ...serviceDefaults,
  id,
  createdAt,
  updatedAt: now,
  isEnabled: false,
  name,
  url: '',
});

/** The page that links in mails about a service lead to. That of a service that is disabled could do nothing with them. */
export const linkPageOf = (
  { isEnabled, providerLocalUrl }: Pick<Service, 'isEnabled' | 'providerLocalUrl'>,
  publicUrl: string,
): string => (isEnabled && providerLocalUrl !== null ? providerLocalUrl : `${publicUrl}/local`);

/** A name of a service: that of the built-in one is taken. */
export function parseServiceName(text: string, field = 'name'): string {
  const name = parseName(text, field);
  if (name === formServiceName) {
    const message = 'is the name of the built-in service';
    throw new IllegalArgument([{ field, message, code: 'exists' }]);
  }
  return name;
}

/** A place where people find help: a URL with https, or `mailto:` and an e-mail address. */
export function parseSupportUrl(text: string, field = 'supportUrl'): string {
  const [, address] = /^mailto:([\w.!$'*+=@-]+)$/i.exec(text) ?? [];
  if (address !== undefined && canonicalEmail(address) !== null) return text;
  if (/^https:/i.test(text) && isUrl(text)) return text;
  const message =
    'must be an https URL without user and password, or mailto: and an e-mail address';
  throw new IllegalArgument([{ field, message, code: 'malformed' }]);
}

/** The page of a service that sign-ins with a provider come back to; null for none. */
export const returnUrlOf = (service: Service, provider: Provider): string | null =>
  ({
    google: service.providerGoogleOauth2Url,
    github: service.providerGithubOauth2Url,
    microsoft: service.providerMicrosoftOauth2Url,
  })[provider];

/** All of a service that can be given and changed. */
export type ServiceFields = Omit<Service, 'id' | 'createdAt' | 'updatedAt'>;

/** Some of it as it is sent: an empty text where there is to be none. */
export type GivenService = {
  readonly [Field in keyof ServiceFields]?:
    | (ServiceFields[Field] extends boolean ? boolean : string)
    | undefined;
};

type Parsers = {
  readonly [Field in keyof ServiceFields as ServiceFields[Field] extends boolean ? never : Field]: (
    text: string,
    field?: string,
  ) => ServiceFields[Field];
};

const optional =
  <None>(parse: (text: string, field?: string) => string, none: None) =>
  (text: string, field?: string): string | None =>
    text === '' ? none : parse(text, field);

const parseOptionalUrl = optional(parseUrl, null);

/** The parser of each text. */
export const serviceParsers: Parsers = {
  name: parseServiceName,
  url: parseUrl,
  userEmailText: optional((text, field = 'userEmailText') => parseMailText(text, field), ''),
  providerLocalUrl: parseOptionalUrl,
  providerGithubOauth2Url: parseOptionalUrl,
  providerMicrosoftOauth2Url: parseOptionalUrl,
  providerGoogleOauth2Url: parseOptionalUrl,
  supportUrl: optional(parseSupportUrl, null),
};

/**
 * The fields that were given, as they are kept; reports all that are refused at once. `mayLink`: whether a text may hold
 * what mail programs make a link of.
 */
export function parseService<Given extends GivenService>(
  given: Given,
  { mayLink = true } = {},
): { readonly [Field in keyof Given & keyof ServiceFields]: ServiceFields[Field] } {
  const fields = Object.entries(given).filter(([, value]) => value !== undefined);
  const parsers = fields.map(([field, value]) => [
    field,
    () => {
      if (typeof value !== 'string') return value;
      const parsed = serviceParsers[field as keyof Parsers](value, field);
      return mayLink || parsed === null ? parsed : parseLinkless(parsed, field);
    },
  ]);
  return parseAll(Object.fromEntries(parsers)) as ReturnType<typeof parseService<Given>>;
}
