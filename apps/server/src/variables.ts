import { tokenAlgs, tokenForms } from '@rekey/adapters-crypto';
import { parseDatabaseUrl } from '@rekey/adapters-db';
import { parseMailFrom, parseSmtpUrl } from '@rekey/adapters-mail';
import { parseSupportUrl, parseUrl, passwordPolicies } from '@rekey/domain';
import {
  addresses,
  baseUrl,
  boolean,
  brandName,
  checkedBy,
  color,
  integer,
  issuer,
  logo,
  networks,
  oneOf,
  origins,
  originsOfUrls,
  place,
  providerUrl,
  tenants,
  text,
  textFor,
} from './parsers.ts';

/** A variable of the environment. The configuration, docs/configuration.md and .env.example come from it. */
export type Variable = {
  readonly name: string;
  /** As it would be set; `$NAME` stands for the value of another variable. Null: where it is not set, its value is null. */
  readonly default: string | null;
  /** Throws an error that says what is wrong with a text, and does not repeat it. */
  readonly parse: (text: string) => unknown;
  /** Its meaning, in Markdown. */
  readonly text: string;
  /** Whether it holds a secret, which may stand in a file that `NAME_FILE` names. */
  readonly isSecret?: true;
  /** A value for .env.example, beside the default or instead of it. */
  readonly example?: string;
};

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const port = integer(0, 65_535);
/** Ten years: a longer life is a mistake. */
const seconds = integer(1, 315_360_000);
/** The highest number is as good as no limit. */
const tries = integer(1, 1_000_000);

const server = {
  host: { name: 'HOST', default: '127.0.0.1', parse: text, text: 'the address where it listens' },
  port: {
    name: 'PORT',
    default: '8042',
    parse: port,
    text: 'the port where it listens; `0` takes any free port',
  },
  publicUrl: {
    name: 'PUBLIC_URL',
    default: 'http://localhost:$PORT',
    parse: baseUrl,
    text: 'base of links to pages that Rekey itself hosts, and issuer of its tokens',
  },
  trustProxy: {
    name: 'TRUST_PROXY',
    default: '',
    parse: addresses,
    text: 'IP addresses or ranges (`10.0.0.0/8`), with commas between them, whose `X-Forwarded-For` is believed, or their `Forwarded` (RFC 7239) where a request has no `X-Forwarded-For`: a proxy that writes `Forwarded` alone must remove the other. Ports and brackets around the address are taken away. A range that strangers can be in is refused: one that is wider than /8, or /24 in IPv6 (but for `fc00::/7` and `fe80::/10`), and one of IPv6 that stands for IPv4 addresses, such as `::ffff:0:0/96`',
    example: '10.0.0.2',
  },
  corsAllowOrigin: {
    name: 'CORS_ALLOW_ORIGIN',
    default: '',
    parse: origins,
    text: 'origins whose pages may call both dialects from a browser (CORS), with commas between them, each exactly as browsers write it. Cookies are never part of such a call. Where it is not set, only pages of `PUBLIC_URL` may',
    example: 'https://app.example.com',
  },
  webAuthnOrigins: {
    name: 'WEBAUTHN_ORIGINS',
    default: '$PUBLIC_URL',
    parse: originsOfUrls,
    text: 'origins of the pages whose passkeys are accepted, with commas between them, the usual one first. A passkey belongs to the host of its page, or to the shortest host in this list that the host is a subdomain of: with `https://example.com,https://app.example.com` both have the passkeys of `example.com`. Change that host only if you must: the passkeys of the old one are of no use any more. Browsers have passkeys for https alone, and for `http://localhost`, and for no IP address; see [passkeys](guides/passkeys.md)',
  },
  forwardAuth: {
    name: 'FORWARD_AUTH',
    default: 'false',
    parse: boolean,
    text: 'whether proxies may ask who a request is from, at `/hook/traefik/self` and `/hook/traefik/service`; see [forward auth](guides/forward-auth.md)',
  },
  keepAliveTimeoutS: {
    name: 'KEEP_ALIVE_TIMEOUT',
    default: '65',
    parse: integer(1, 3600),
    text: 'seconds for which a connection stays open on which nothing is asked. Longer than the proxy or balancer in front keeps one: else a request may meet a connection that is being closed, and fail. nginx, Caddy and the balancers of AWS keep it for 60 or less; the balancer of Google Cloud for 600: `620`. 1 to 3600',
  },
  apiDocs: {
    name: 'API_DOCS',
    default: 'false',
    parse: boolean,
    text: 'whether `/docs` shows the API in a browser, with Swagger UI. `/openapi.json` and `/docs/errors` are always there; see [decision 14](decisions/0014-api-docs.md)',
  },
} satisfies Record<string, Variable>;

const storage = {
  databaseUrl: {
    name: 'DATABASE_URL',
    isSecret: true,
    default: 'sqlite:./data/rekey.db',
    parse: textFor(parseDatabaseUrl),
    text: '`sqlite:PATH` or `postgres://user:password@host:port/database`, with the [parameters](operations.md#postgresql) `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `host` (a folder of sockets), `options`, `pgbouncer` and `listen`; any other keeps Rekey from starting',
    example: 'postgres://rekey:password@localhost:5432/rekey',
  },
  keysFile: {
    name: 'KEYS_FILE',
    default: './data/keys.json',
    parse: place,
    text: 'every secret that is not in the database: signing and encryption keys of tokens, the pepper of password hashes, the secrets of mailed links, TOTP seeds and the audit. Made at the first start with mode 0600. A file that Rekey cannot write, a mounted secret, may be readable by its group as well. Once the database holds users, Rekey does not start without it',
  },
  auditDays: {
    name: 'AUDIT_DAYS',
    default: null,
    parse: integer(1, 99_999),
    text: 'days after which entries of [the audit](use-cases/audit.md#prune) are deleted, once a day. Where it is not set, they are kept. 1 to 99999',
    example: '365',
  },
} satisfies Record<string, Variable>;

const mail = {
  smtpUrl: {
    name: 'SMTP_URL',
    isSecret: true,
    default: null,
    parse: textFor(parseSmtpUrl),
    text: '`smtps://user:password@host:port` (TLS from the start) or `smtp://…` (STARTTLS); where it is not set, mails become `.eml` files in `MAIL_DIR`. With a user, or to another machine, nothing is said to a server that has no TLS, neither a password nor a mail, unless `?ignoreTLS=true` is written out. A relay with a certificate of its own needs `?tls.rejectUnauthorized=false`. Other parameters: `name`, `localAddress`, `authMethod` (`PLAIN`, `LOGIN`, `CRAM-MD5`), `tls.servername`, `tls.minVersion`, `requireTLS` (insists on loopback too), `opportunisticTLS` (on loopback). Any other, or one with an odd value, keeps Rekey from starting',
    example: 'smtps://user:password@smtp.example.com:465',
  },
  mailDir: {
    name: 'MAIL_DIR',
    default: './data/mail',
    parse: place,
    text: 'the folder of those files. A server deletes each of them once its link has expired (`REVOKE_TOKEN_TTL` after it was written), at its start and daily, and leaves everything else in the folder',
  },
  mailFrom: {
    name: 'MAIL_FROM',
    default: 'Rekey <no-reply@localhost>',
    parse: textFor(parseMailFrom),
    text: 'the sender',
  },
  mailTemplates: {
    name: 'MAIL_TEMPLATES',
    default: null,
    parse: place,
    text: 'a folder with [templates of your own](operations.md#templates-of-your-own), instead of the mails that Rekey brings along; anything wrong in it keeps Rekey from starting',
    example: './mail-templates',
  },
} satisfies Record<string, Variable>;

const accounts = {
  bcryptCost: {
    name: 'BCRYPT_COST',
    default: '12',
    parse: integer(10, 14),
    text: '10 to 14; each step doubles the work of a login. Existing hashes are replaced at the next login',
  },
  passwordPolicy: {
    name: 'PASSWORD_POLICY',
    default: 'compat',
    parse: oneOf(passwordPolicies),
    text: 'for passwords that are set, never for ones that are proven. `compat`: 8 to 128 characters. `standard`: also not a common password, and without the name of the mail address or of the service. `nist`: like `standard`, from 15 characters. [Names and how they are found](decisions/0010-breach-lists.md#names)',
  },
  passwordHistory: {
    name: 'PASSWORD_HISTORY',
    default: '0',
    parse: integer(0, 24),
    text: 'how many of the passwords that an account had before its current one may not come back, 0 to 24; PCI DSS 8.3.7 asks for 4. Each that is looked at costs as much as a login, and only somebody who proved to be the owner waits for it',
  },
  hibpUrl: {
    name: 'HIBP_URL',
    default: null,
    parse: baseUrl,
    text: 'base of a [Pwned Passwords](https://haveibeenpwned.com/API/v3#PwnedPasswords) range API that new passwords are looked up in: `https://api.pwnedpasswords.com`, or a mirror of your own. Where it is not set, no server is asked. [Decision 10](decisions/0010-breach-lists.md) says who learns what',
    example: 'https://api.pwnedpasswords.com',
  },
  usersSignup: {
    name: 'USERS_SIGNUP',
    default: 'true',
    parse: boolean,
    text: 'whether `POST /users/create` is open',
  },
  usersRecovery: {
    name: 'USERS_RECOVERY',
    default: 'owner',
    parse: oneOf(['owner', 'operator']),
    text: 'who starts the [way back](use-cases/recovery.md) of an account of the form dialect that its owner locked. `owner`: a button on the page that locked it. `operator`: `rekey user recover` and root keys alone. The link goes to the mailbox of the owner in any case',
  },
  usersEmailChange: {
    name: 'USERS_EMAIL_CHANGE',
    default: 'session',
    parse: oneOf(['session', 'password']),
    text: 'what a person of the form dialect shows to change the own [address](use-cases/users.md#change-of-address). `session`: to be logged in, as in orion users. `password`: the current password as well',
  },
  unprovenDays: {
    name: 'UNPROVEN_DAYS',
    default: '30',
    parse: integer(0, 3650),
    text: 'days after which an account is [deleted](use-cases/maintenance.md#expire-users) that somebody made at `POST /users/create` and nobody used: no session and no change in that time. An account stays as long as a link of a mail about it works. `0`: never',
  },
} satisfies Record<string, Variable>;

const formTokens = {
  usersToken: {
    name: 'USERS_TOKEN',
    default: 'encrypted',
    parse: oneOf(tokenForms),
    text: 'the tokens of `/users`. `encrypted`: nobody but Rekey can read them. `signed`: programs read address and roles in them, and [verify them without Rekey](guides/forms.md#tokens-that-others-read); such a program trusts a token until it expires, so keep `USERS_TOKEN_TTL` at 900 or below',
  },
  usersTokenAlg: {
    name: 'USERS_TOKEN_ALG',
    default: 'EdDSA',
    parse: oneOf(tokenAlgs),
    text: 'what those tokens are signed with: `EdDSA` (Ed25519), or `RS256` for programs that know nothing else. The first start with `RS256` adds a key of its own to `KEYS_FILE`; tokens of before stay good',
  },
  usersIssuer: {
    name: 'USERS_ISSUER',
    default: '$PUBLIC_URL',
    parse: issuer,
    text: 'the claim `iss` of those tokens. A token of another issuer is refused: after a change people log in again',
  },
  usersTokenTtlS: {
    name: 'USERS_TOKEN_TTL',
    default: '$ACCESS_TOKEN_TTL',
    parse: seconds,
    text: 'seconds for which those tokens are good; with them their session ends',
  },
} satisfies Record<string, Variable>;

const formLinks = {
  recoverPasswordUrl: {
    name: 'RECOVER_PASSWORD_URL',
    default: null,
    parse: checkedBy(parseUrl),
    text: 'the page of a front end that sets a new password with the link of a mail of `/users`: `?type=reset_password&email=…&token=…` is added. Where it is not set, Rekey hosts the page',
    example: 'https://app.example.com/recover',
  },
  validateEmailUrl: {
    name: 'VALIDATE_EMAIL_URL',
    default: null,
    parse: checkedBy(parseUrl),
    text: 'the page of a front end that confirms an address with the link of a mail of `/users`: `?code=…&email=…` is added. Where it is not set, the link is one of `PUBLIC_URL/users/validateEmail`',
    example: 'https://app.example.com/validate',
  },
} satisfies Record<string, Variable>;

/** Of a client that the operator registered with a provider. */
const client = (name: string, meaning: string, example: string) =>
  ({ name, default: null, parse: text, text: meaning, example }) as const;
const clientSecret = (name: string, meaning: string) =>
  ({ name, default: null, parse: text, text: meaning, isSecret: true }) as const;

const providers = {
  googleClientId: client(
    'GOOGLE_CLIENT_ID',
    'the client id of [sign-in with Google](guides/providers.md#google): ID tokens and access tokens that were made for it are taken at `POST /users/login/google`. Where it is not set, that is 404',
    '1234567890-abc.apps.googleusercontent.com',
  ),
  googleClientSecret: clientSecret(
    'GOOGLE_CLIENT_SECRET',
    'the secret of that client, for the sign-in of services at `/v1/auth/provider/google/oauth2`. Where it is not set, that is 404',
  ),
  googleIssuer: {
    name: 'GOOGLE_ISSUER',
    default: 'https://accounts.google.com',
    parse: providerUrl,
    text: 'the issuer of Google’s ID tokens, where its endpoints are described; another one is for tests. `https`, or plain http on this machine alone, like all URLs of providers',
  },
  githubClientId: client(
    'GITHUB_CLIENT_ID',
    'the client id of [sign-in with GitHub](guides/providers.md#github). Where it is not set, `/v1/auth/provider/github/oauth2` is 404',
    'Iv1.0123456789abcdef',
  ),
  githubClientSecret: clientSecret('GITHUB_CLIENT_SECRET', 'the secret of that client'),
  githubUrl: {
    name: 'GITHUB_URL',
    default: 'https://github.com',
    parse: providerUrl,
    text: 'GitHub, or a GitHub Enterprise Server. Who is linked at one is nobody at another',
  },
  githubApiUrl: {
    name: 'GITHUB_API_URL',
    default: 'https://api.github.com',
    parse: providerUrl,
    text: 'the API of that GitHub; `https://HOST/api/v3` for a GitHub Enterprise Server',
  },
  microsoftClientId: client(
    'MICROSOFT_CLIENT_ID',
    'the client id of [sign-in with Microsoft](guides/providers.md#microsoft). Where it is not set, `/v1/auth/provider/microsoft/oauth2` is 404',
    '01234567-89ab-4cde-8f01-23456789abcd',
  ),
  microsoftClientSecret: clientSecret('MICROSOFT_CLIENT_SECRET', 'the secret of that client'),
  microsoftTenants: {
    name: 'MICROSOFT_TENANTS',
    default: '',
    parse: tenants,
    text: 'ids of the tenants whose administrators are trusted with the e-mail addresses of their people, with commas between them. People of other tenants are known by an address only where Microsoft says that the tenant owns its domain (`xms_edov`). With one tenant here, people of others cannot sign in at all',
    example: '89abcdef-0123-4567-89ab-cdef01234567',
  },
  microsoftUrl: {
    name: 'MICROSOFT_URL',
    default: 'https://login.microsoftonline.com',
    parse: providerUrl,
    text: 'where people of Microsoft sign in: a national cloud has its own',
  },
} satisfies Record<string, Variable>;

const lifetimes = {
  accessTokenTtlS: {
    name: 'ACCESS_TOKEN_TTL',
    default: '3600',
    parse: seconds,
    text: 'seconds for which an access token is good',
  },
  refreshTokenTtlS: {
    name: 'REFRESH_TOKEN_TTL',
    default: '86400',
    parse: seconds,
    text: 'seconds for which a refresh token is good, unless its session ends before',
  },
  sessionTtlS: {
    name: 'SESSION_TTL',
    default: '2592000',
    parse: seconds,
    text: 'seconds after its login at which a session ends, however often its tokens are refreshed',
  },
  revokeTokenTtlS: {
    name: 'REVOKE_TOKEN_TTL',
    default: '604800',
    parse: seconds,
    text: 'seconds for which the link of a mail works that tells the owner of an account what happened',
  },
  resetTokenTtlS: {
    name: 'RESET_TOKEN_TTL',
    default: '3600',
    parse: seconds,
    text: 'seconds for which the link of a mail works that sets a new password',
  },
  registerTokenTtlS: {
    name: 'REGISTER_TOKEN_TTL',
    default: '3600',
    parse: seconds,
    text: 'seconds for which the link of a mail works that makes an account',
  },
} satisfies Record<string, Variable>;

const limits = {
  throttleAccountFree: {
    name: 'THROTTLE_ACCOUNT_FREE',
    default: '5',
    parse: tries,
    text: 'wrong tries at an account from one network before waits begin. Above 10 it raises the ceilings as well: ten times as many get through in 24 hours, through one service, where it is 100 otherwise. 1 to 1000000',
  },
  throttleClientPerMinute: {
    name: 'THROTTLE_CLIENT_PER_MINUTE',
    default: '300',
    parse: tries,
    text: 'wrong tries of one network at one service in a minute, whatever the account; a fifth as many sign-ups. A login with the right password counts only until its hash is computed, and not at all from a known device. 1 to 1000000',
  },
  throttleChangesPerHour: {
    name: 'THROTTLE_CHANGES_PER_HOUR',
    default: '10',
    parse: tries,
    text: 'changes of the password of an account in an hour, logins from anywhere new in an hour, and changes of its address in a day: each is a mail to its owner. 1 to 1000000',
  },
  mailPerHour: {
    name: 'MAIL_PER_HOUR',
    default: '10000',
    parse: integer(2, 1_000_000),
    text: 'mails that people can start for whom nobody vouches, in any hour, on all servers together; half of them to one domain. [Other budgets](decisions/0036-mail-budgets.md) of such mails are fixed. Mails to accounts that a service made are not counted. 2 to 1000000',
  },
  eventStreams: {
    name: 'EVENT_STREAMS',
    default: '1000',
    parse: integer(1, 100_000),
    text: 'readers that wait for [events](use-cases/events.md) of this server at a time, by a stream or a long poll; the next one gets 429. Each holds a connection, of which a server has 2000 and a network a quarter. 1 to 100000',
  },
  eventStreamsPerService: {
    name: 'EVENT_STREAMS_PER_SERVICE',
    default: '500',
    parse: integer(1, 100_000),
    text: 'such readers of one service: no service takes the places of all others. 1 to 100000',
  },
} satisfies Record<string, Variable>;

const webhooks = {
  webhookPrivateNetworks: {
    name: 'WEBHOOK_PRIVATE_NETWORKS',
    default: '',
    parse: networks,
    text: "networks that [webhooks](use-cases/webhooks.md#where-to) may lead into although they are closed to them otherwise, in CIDR notation, with commas between them. Closed are private networks, this machine itself, and every other address that is nobody's on the Internet. Whoever has a key of a service can have Rekey call what is opened here: open networks of receivers alone",
    example: '10.20.0.0/16',
  },
} satisfies Record<string, Variable>;

const appearance = {
  brandName: {
    name: 'BRAND_NAME',
    default: 'Rekey',
    parse: brandName,
    text: 'the name that people know this server by: on the [pages](decisions/0015-pages-for-people.md) that it hosts, and as the built-in service in mails and on pages. 1 to 100 characters',
  },
  brandColor: {
    name: 'BRAND_COLOR',
    default: '#2457a6',
    parse: color,
    text: '`#rrggbb`: buttons and the name on those pages. Where it could not be read, in light or in dark mode, a darker or lighter shade of it is taken (WCAG 2.2, AA)',
  },
  brandLogo: {
    name: 'BRAND_LOGO',
    default: null,
    parse: logo,
    text: 'path of an SVG or PNG file of 256 KiB at most, shown above those pages instead of the name, 36 pixels high. Read at the start. It stands on a light and on a dark ground; an SVG can tell them apart by `prefers-color-scheme`',
    example: './logo.svg',
  },
  supportUrl: {
    name: 'SUPPORT_URL',
    default: null,
    parse: checkedBy(parseSupportUrl),
    text: 'the place where people find help: an `https:` URL, or `mailto:` and an e-mail address. Pages and mails name it where their service has no `support_url` of its own',
    example: 'mailto:help@example.com',
  },
} satisfies Record<string, Variable>;

const observation = {
  metricsPort: {
    name: 'METRICS_PORT',
    default: null,
    parse: port,
    text: 'the port where `GET /metrics` answers, for [Prometheus](operations.md#metrics) alone; never the port of the service. `0` takes any free port. Where it is not set, nothing is measured',
    example: '9464',
  },
  metricsHost: {
    name: 'METRICS_HOST',
    default: '127.0.0.1',
    parse: text,
    text: 'the address of that port. Everybody who reaches it can read the numbers: keep it inside',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    default: 'info',
    parse: oneOf(logLevels),
    text: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`; one JSON object a line on standard output',
  },
} satisfies Record<string, Variable>;

/** All variables, under the names that the configuration gives their values. */
export const variables = {
  ...server,
  ...storage,
  ...mail,
  ...accounts,
  ...formTokens,
  ...formLinks,
  ...providers,
  ...lifetimes,
  ...limits,
  ...webhooks,
  ...appearance,
  ...observation,
};

/** All variables as people read of them. */
export const sections: readonly { readonly title: string; readonly variables: Variable[] }[] = [
  { title: 'Server', variables: Object.values(server) },
  { title: 'Storage', variables: Object.values(storage) },
  { title: 'Mail', variables: Object.values(mail) },
  { title: 'Accounts and passwords', variables: Object.values(accounts) },
  { title: 'Tokens of the form dialect', variables: Object.values(formTokens) },
  { title: 'Links of the form dialect', variables: Object.values(formLinks) },
  { title: 'Sign-in with a provider', variables: Object.values(providers) },
  { title: 'Lifetimes', variables: Object.values(lifetimes) },
  { title: 'Limits', variables: Object.values(limits) },
  { title: 'Webhooks', variables: Object.values(webhooks) },
  { title: 'Appearance', variables: Object.values(appearance) },
  { title: 'Log and metrics', variables: Object.values(observation) },
];
