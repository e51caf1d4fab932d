import { type Call, RekeyError, rekeyClient, type User } from '@rekey/client';

/** A request, or what a page sees of one. */
export type Asked = { readonly headers: Pick<Headers, 'get'> };

/** Runs on the server alone: it holds the key of the service. */
export function rekey() {
  const { REKEY_URL = 'http://localhost:8042', REKEY_KEY: key } = process.env;
  if (!key)
    throw new Error('REKEY_KEY is missing: the key that `rekey create-service-with-key` showed');
  // What was done although its answer was lost is not done again.
  return rekeyClient({ url: REKEY_URL, key, retries: 2 });
}

/**
 * For whom a call is made: what Rekey throttles by, and tells the owner of the account. Next.js shows no handler the
 * address of the connection, and takes an `X-Forwarded-For` as it came: anybody may have written it. So the address is
 * read from the header of which `ADDRESS_HEADER` says that your proxy writes it anew for every request.
 */
export function callFor({ headers }: Asked): Call {
  const { ADDRESS_HEADER: name } = process.env;
  const address = name ? (headers.get(name)?.trim() ?? '') : '';
  return { address, client: headers.get('user-agent') ?? '' };
}

/** A call that the user is proven with as well: Rekey's audit then names the user, and not only the shop. */
export function callBy(asked: Asked): Call {
  return { ...callFor(asked), user: `token ${tokenOf(asked)}` };
}

/** A form that is sent twice is done once, and gets one answer. */
export function callOnce(asked: Asked, once: string): Call {
  return { ...callBy(asked), ...(once !== '' && { idempotencyKey: once }) };
}

const isSecure = () => process.env.NODE_ENV === 'production';
/** With the prefix, a browser takes the cookie over HTTPS alone, and from no other host of the domain. */
const cookieName = (name: string) => `${isSecure() ? '__Host-' : ''}${name}`;

/** A cookie that no script of a page can read and no other site can use; without a life it is taken away. */
export function cookie(name: string, value: string, lifeS = 0): string {
  const secure = isSecure() ? '; Secure' : '';
  return `${cookieName(name)}=${value}; HttpOnly; SameSite=Lax; Path=/; Max-Age=${lifeS}${secure}`;
}

/** Empty where there is none. */
function cookieOf({ headers }: Asked, name: string): string {
  const all = (headers.get('cookie') ?? '').split('; ').map((text) => text.split('='));
  return all.find(([each]) => each === cookieName(name))?.[1] ?? '';
}

/** The access token of a login. */
export const tokenOf = (asked: Asked): string => cookieOf(asked, 'access');

/** What a login from this browser handed out, where there was one. */
export function deviceOf(asked: Asked): { readonly device?: string } {
  const device = cookieOf(asked, 'device');
  return device === '' ? {} : { device };
}

/** The user who is logged in. */
export async function userOf(asked: Asked): Promise<User | null> {
  const token = tokenOf(asked);
  if (token === '') return null;
  try {
    return (await rekey().verifyToken({ token }, callFor(asked))).user;
  } catch (error) {
    // Expired, or its session ended.
    if (isCode(error, 'invalid_token')) return null;
    throw error;
  }
}

export const isCode = (error: unknown, code: string): boolean =>
  error instanceof RekeyError && error.code === code;

/** The session of a token that Rekey has verified. */
export function sessionIdOf(token: string): string {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).sid;
}

/** The sessions of a user at this service. The service sees those of all its users; a user sees the own ones alone. */
export const sessionsOf = (user: User, asked: Asked) =>
  listOf(rekey().each.listSessions({ user_id: [user.id] }, callFor(asked)));

export const keysOf = (user: User, asked: Asked) =>
  listOf(
    rekey().each.listKeys(
      { user_id: [user.id], type: ['KEY'], is_revoked: 'false' },
      callFor(asked),
    ),
  );

/** What a key may do. Rekey keeps these words, and leaves their meaning to the shop. */
export const scopes = ['orders:read', 'orders:write'];

async function listOf<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) list.push(row);
  return list;
}
