import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { parseDatabaseUrl } from '@rekey/adapters-db';
import { parseMailFrom } from '@rekey/adapters-mail';
import { type Config, fileVariableOf } from './config.ts';
import { readEnvFile } from './env-file.ts';
import { type Variable, variables } from './variables.ts';

const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;

/** What is allowed and would lose mails, mislead people, or does not do what its writer meant: a sentence each. */
export function warningsOf(config: Config, env: NodeJS.ProcessEnv): string[] {
  return [...misspelt(env), ...misleading(config), ...inClearText(config, env)];
}

function misleading({
  host,
  publicUrl,
  smtpUrl,
  mailFrom,
  trustProxy,
  webAuthnOrigins,
}: Config): string[] {
  const { protocol, hostname } = new URL(publicUrl);
  const isLocal = LOOPBACK.test(hostname);
  const isReached = !LOOPBACK.test(host);
  const noPasskeys = webAuthnOrigins.filter((origin) => !hasPasskeys(new URL(origin)));
  const isOwn = webAuthnOrigins.every((origin) => origin === new URL(publicUrl).origin);
  const sender = parseMailFrom(mailFrom).address.split('@').at(-1) ?? '';
  const warnings: [boolean, string][] = [
    [
      isLocal && (isReached || smtpUrl !== null),
      'PUBLIC_URL leads to this machine: the links in mails open on no other',
    ],
    [
      !isLocal && protocol === 'http:' && isReached,
      'PUBLIC_URL is not https: passwords and links cross the network in clear text',
    ],
    [
      smtpUrl !== null && LOOPBACK.test(sender),
      'MAIL_FROM is a sender at localhost: other servers refuse such mails',
    ],
    [
      protocol === 'https:' && trustProxy.length === 0,
      'TRUST_PROXY is not set, and PUBLIC_URL is https: all people seem to be one, the proxy in front',
    ],
    [
      noPasskeys.length > 0 && !isOwn,
      'WEBAUTHN_ORIGINS names an origin at which browsers have no passkeys: they need https and a name',
    ],
  ];
  return warnings.flatMap(([isTrue, warning]) => (isTrue ? warning : []));
}

/** Whether browsers have passkeys there (WebAuthn, 5.1.2): secure, and no address of IP. */
const hasPasskeys = ({ protocol, hostname }: URL): boolean =>
  isIP(hostname.replaceAll(/[[\]]/g, '')) === 0 &&
  (protocol === 'https:' || LOOPBACK.test(hostname));

/** What others on the way could read although nobody said that they may. */
function inClearText({ databaseUrl, hibpUrl }: Config, env: NodeJS.ProcessEnv): string[] {
  const place = parseDatabaseUrl(databaseUrl);
  const host = (place.kind === 'postgres' && (place.config.host ?? env.PGHOST)) || 'localhost';
  const isUnsaid = place.kind === 'postgres' && place.isTlsUnsaid && !env.PGSSLMODE;
  const hibp = hibpUrl === null ? null : new URL(hibpUrl);
  return [
    ...(isUnsaid && !host.startsWith('/') && !LOOPBACK.test(host)
      ? ['DATABASE_URL has no sslmode: all data crosses the network in clear text']
      : []),
    ...(hibp?.protocol === 'http:' && !LOOPBACK.test(hibp.hostname)
      ? ['HIBP_URL is not https: others see the beginnings of digests of new passwords']
      : []),
  ];
}

/**
 * Of the file `.env`: lines that other programs would take in another way, names that nobody reads, and secrets that others
 * than its owner and group can read.
 */
export function envFileWarnings(file = '.env'): string[] {
  const { values, doubts } = readEnvFile(file);
  const set = [...values.keys()];
  const unread = set.filter((name) => !names.includes(name) && !OTHERS.test(name));
  const near = misspelt(Object.fromEntries(values));
  const unknown = unread.filter((name) => !near.some((warning) => warning.startsWith(`${name} `)));
  const isSecret = Object.values<Variable>(variables).some(
    ({ name, isSecret }) => isSecret && values.get(name),
  );
  const list = unknown.join(', ');
  return [
    ...doubts,
    ...(unknown.length > 0 ? [`the file .env has names that Rekey does not know: ${list}`] : []),
    ...(isSecret && isOpen(file)
      ? ['the file .env holds secrets, and others can read it: chmod 600 .env']
      : []),
  ];
}

/** Names that others read in the same file: the driver of PostgreSQL, compose.yaml, and Node while it runs. */
const OTHERS = /^(?:PG|COMPOSE_|(?:POSTGRES_PASSWORD|BACKEND|TZ|NODE_ENV|NO_COLOR|FORCE_COLOR)$)/;

const isOpen = (file: string): boolean =>
  process.platform !== 'win32' && (statSync(file).mode & 0o007) !== 0;

/** Why no mail reaches its owner: they become files, if even that; null where they are sent. */
export function mailFolderWarning({ smtpUrl, mailDir }: Config): string | null {
  if (smtpUrl !== null) return null;
  const start = `SMTP_URL is not set: mails become files in ${mailDir}`;
  return canBeWritten(mailDir) ? start : `${start}, and MAIL_DIR cannot be written`;
}

/** Whether files can be made in a folder, or the folder itself can. */
export function canBeWritten(folder: string): boolean {
  let nearest = path.resolve(folder);
  while (!existsSync(nearest)) nearest = path.dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
    return statSync(nearest).isDirectory();
  } catch {
    return false;
  }
}

const names = Object.values<Variable>(variables).flatMap(({ name, isSecret }) =>
  isSecret ? [name, fileVariableOf(name)] : [name],
);

function misspelt(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).flatMap((name) => {
    // Kubernetes sets REKEY_PORT=tcp://… and others beside it for a service of that name.
    if (names.includes(name) || env[name]?.startsWith('tcp://')) return [];
    const plain = normal(name);
    // No secret: it has no file, and whoever thinks that it has one hears of it.
    const bare = name.replace(/_FILE$/, '');
    const meant = names.includes(bare)
      ? bare
      : names.find((known) => isNear(plain, normal(known)) || stem(name) === stem(known));
    return meant === undefined ? [] : `${name} is not known to Rekey: ${meant} is`;
  });
}

const normal = (name: string): string =>
  name
    .toUpperCase()
    .replaceAll(/[^A-Z\d]/g, '')
    .replace(/^REKEY/, '');

/** A name of several words, none of which is one of many or in the past: TRUSTED_PROXIES, TRUST_PROXY. */
const stem = (name: string): string =>
  name.includes('_')
    ? normal(
        name
          .toUpperCase()
          .replaceAll(/IES(?=_|$)/g, 'Y')
          .replaceAll(/(?:ED|S)(?=_|$)/g, ''),
      )
    : name;

/** Whether one name is another but for a slip: of one letter, or of two in a longer one. */
function isNear(name: string, known: string): boolean {
  if (Math.abs(name.length - known.length) > 2) return false;
  const slips = distance(name, known);
  return slips <= (known.length < 7 ? 1 : 2) && (slips === 0 || known.length > 4);
}

/** Letters to add, leave out, change or swap with the next one (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (isSame ? 0 : 1),
        isSwap && row > 1 && column > 1 ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return at(a.length, b.length);
}
