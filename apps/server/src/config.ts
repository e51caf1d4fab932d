import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { parseMailFrom, parseSmtpUrl } from '@rekey/adapters-mail';
import { IllegalArgument, type PasswordPolicy, parseName, passwordPolicies } from '@rekey/domain';

/** What the environment says, checked. Times to live are in seconds. */
export type Config = {
  readonly host: string;
  readonly port: number;
  /** `sqlite:PATH` or `postgres://…` */
  readonly databaseUrl: string;
  readonly keysFile: string;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** Null: mails become files in `mailDir`. */
  readonly smtpUrl: string | null;
  readonly mailDir: string;
  readonly mailFrom: string;
  /** Null: those that Rekey brings along. */
  readonly mailTemplates: string | null;
  readonly bcryptCost: number;
  readonly passwordPolicy: PasswordPolicy;
  /** Null: no breach list is asked. Without a slash at its end. */
  readonly hibpUrl: string | null;
  readonly accessTokenTtl: number;
  readonly refreshTokenTtl: number;
  readonly revokeTokenTtl: number;
  readonly usersSignup: boolean;
  readonly apiDocs: boolean;
  readonly throttleAccountFree: number;
  readonly throttleClientPerMinute: number;
  readonly throttleChangesPerHour: number;
  /** What people know this server by: on the hosted pages, for one. */
  readonly brandName: string;
  /** `#rrggbb` */
  readonly brandColor: string;
  readonly brandLogo: Logo | null;
  readonly trustProxy: readonly string[];
  /** Null: nothing is measured. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly logLevel: LogLevel;
};

type Logo = { readonly type: 'image/svg+xml' | 'image/png'; readonly content: Buffer };

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
type LogLevel = (typeof logLevels)[number];

/** Everything that is wrong with the configuration, a line each. Values are not repeated: they may be secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Reads the configuration; throws one `ConfigError` that names every problem. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const problems: string[] = [];

  /** The value of a variable, or its default where it is not set or empty. */
  const read = <T>(name: string, fallback: string, parse: (text: string) => T | Problem): T => {
    const value = parse(env[name] || fallback);
    if (!(value instanceof Problem)) return value;
    problems.push(`${name} ${value.message}`);
    // Not seen by anybody: the problem is thrown below.
    return parse(fallback) as T;
  };

  const port = read('PORT', '8042', integer(0, 65_535));
  const config: Config = {
    host: read('HOST', '127.0.0.1', text),
    port,
    databaseUrl: read('DATABASE_URL', 'sqlite:./data/rekey.db', databaseUrl),
    keysFile: read('KEYS_FILE', './data/keys.json', text),
    publicUrl: read('PUBLIC_URL', `http://localhost:${port}`, baseUrl),
    smtpUrl: env.SMTP_URL ? read('SMTP_URL', 'smtp://localhost', checkedBy(parseSmtpUrl)) : null,
    mailDir: read('MAIL_DIR', './data/mail', text),
    mailFrom: read('MAIL_FROM', 'Rekey <no-reply@localhost>', checkedBy(parseMailFrom)),
    mailTemplates: env.MAIL_TEMPLATES ? read('MAIL_TEMPLATES', '', text) : null,
    bcryptCost: read('BCRYPT_COST', '12', integer(10, 14)),
    passwordPolicy: read('PASSWORD_POLICY', 'compat', oneOf(passwordPolicies)),
    hibpUrl: env.HIBP_URL ? read('HIBP_URL', 'https://api.pwnedpasswords.com', baseUrl) : null,
    accessTokenTtl: read('ACCESS_TOKEN_TTL', '3600', integer(1, MAX_TTL)),
    refreshTokenTtl: read('REFRESH_TOKEN_TTL', '86400', integer(1, MAX_TTL)),
    revokeTokenTtl: read('REVOKE_TOKEN_TTL', '604800', integer(1, MAX_TTL)),
    usersSignup: read('USERS_SIGNUP', 'true', oneOf(['true', 'false'])) === 'true',
    apiDocs: read('API_DOCS', 'false', oneOf(['true', 'false'])) === 'true',
    throttleAccountFree: read('THROTTLE_ACCOUNT_FREE', '5', integer(1, MAX_TRIES)),
    throttleClientPerMinute: read('THROTTLE_CLIENT_PER_MINUTE', '300', integer(1, MAX_TRIES)),
    throttleChangesPerHour: read('THROTTLE_CHANGES_PER_HOUR', '10', integer(1, MAX_TRIES)),
    brandName: read('BRAND_NAME', 'Rekey', brandName),
    brandColor: read('BRAND_COLOR', '#2457a6', color),
    brandLogo: read('BRAND_LOGO', ' ', logo),
    trustProxy: read('TRUST_PROXY', ' ', addresses),
    metrics: env.METRICS_PORT
      ? {
          host: read('METRICS_HOST', '127.0.0.1', text),
          port: read('METRICS_PORT', '9464', integer(0, 65_535)),
        }
      : null,
    logLevel: read('LOG_LEVEL', 'info', oneOf(logLevels)),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Ten years: a longer life is a mistake. */
const MAX_TTL = 315_360_000;

/** Which is as good as no limit. */
const MAX_TRIES = 1_000_000;

class Problem {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

const text = (value: string): string => value;

function integer(min: number, max: number) {
  return (value: string): number | Problem => {
    const number = Number(value);
    const isGood = /^\d{1,10}$/.test(value) && number >= min && number <= max;
    return isGood ? number : new Problem(`must be a whole number from ${min} to ${max}`);
  };
}

function oneOf<const T extends string>(values: readonly T[]) {
  return (value: string): T | Problem =>
    values.find((known) => known === value) ?? new Problem(`must be one of ${values.join(', ')}`);
}

function databaseUrl(value: string): string | Problem {
  const isKnown = /^sqlite:./.test(value) || /^postgres(?:ql)?:\/\/./.test(value);
  return isKnown ? value : new Problem('must be sqlite:PATH or postgres://…');
}

function baseUrl(value: string): string | Problem {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isBase =
    (url?.protocol === 'http:' || url?.protocol === 'https:') &&
    `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (!url || !isBase) {
    return new Problem('must be an http or https URL without user, query and fragment');
  }
  return url.href.replace(/\/+$/, '');
}

/** A parser that throws, whose message starts with the name of the variable. */
function checkedBy(parse: (text: string) => unknown) {
  return (value: string): string | Problem => {
    try {
      parse(value);
      return value;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return new Problem(error.message.replace(/^[A-Z_]+ /, ''));
    }
  };
}

function brandName(value: string): string | Problem {
  try {
    return parseName(value);
  } catch (error) {
    if (!(error instanceof IllegalArgument)) throw error;
    return new Problem(error.violations.map(({ message }) => message).join(', '));
  }
}

function color(value: string): string | Problem {
  return /^#[\da-f]{6}$/i.test(value)
    ? value.toLowerCase()
    : new Problem('must be a colour like #2457a6');
}

/** Bytes: every page of every visitor may ask for it. */
const MAX_LOGO = 256 * 1024;
const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** Null for a blank. */
function logo(file: string): Logo | null | Problem {
  if (file.trim() === '') return null;
  try {
    const content = readFileSync(file);
    if (content.length > MAX_LOGO) return new Problem('must be 256 KiB at most');
    const isSvg =
      path.extname(file).toLowerCase() === '.svg' && /<svg[\s>]/.test(content.toString());
    if (isSvg) return { type: 'image/svg+xml', content };
    const isPng = content.subarray(0, PNG.length).equals(PNG);
    return isPng ? { type: 'image/png', content } : new Problem('must be an SVG or PNG image');
  } catch {
    return new Problem('must be a file that can be read');
  }
}

/** Addresses, or ranges in CIDR notation, with commas between them. */
function addresses(value: string): readonly string[] | Problem {
  const list = value.split(',').flatMap((address) => address.trim() || []);
  const isRange = (item: string) => {
    const [address = '', bits = '0', ...more] = item.split('/');
    const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
    return more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
  };
  return list.every(isRange)
    ? list
    : new Problem('must be IP addresses, or ranges like 10.0.0.0/8');
}

/** The configuration of this process: its environment, completed from the file `.env`. */
export function loadConfig(): Config {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return readConfig(process.env);
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
