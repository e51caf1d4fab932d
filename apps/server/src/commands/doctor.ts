import { existsSync } from 'node:fs';
import { keyPurposes, openKeyFile } from '@rekey/adapters-crypto';
import { commandToClose, type Inspection, inspectDatabase } from '@rekey/adapters-db';
import {
  parseMailFrom,
  readTemplates,
  smtpOutlet,
  TemplateError,
  type Tls,
  tlsOf,
} from '@rekey/adapters-mail';
import type { Command } from 'commander';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { canBeWritten, envFileWarnings, mailFolderWarning, warningsOf } from '../warnings.ts';
import { json, print, printJson, table } from './common.ts';

type Check = {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'FAIL';
  readonly detail: string;
};

/** Tokens of a server whose clock is further ahead are refused by the others. */
const MAX_OFFSET_MS = 30_000;
const NOTABLE_OFFSET_MS = 2000;

/** Years in which a clock may be right. */
const [FIRST_YEAR, LAST_YEAR] = [2026, 2099];

/** Examines all that Rekey stands on, and changes nothing (SQLite keeps files of its own beside a database). */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check configuration, keys, database, mail and clock; exit code 1 where one fails')
    .addOption(json())
    .action(async (options: { json?: true }) => {
      const checks = await examine();
      const isOk = checks.every(({ status }) => status !== 'FAIL');
      if (options.json) printJson({ ok: isOk, checks });
      else print(...table(checks.map(({ name, status, detail }) => [status, name, detail])));
      if (!isOk) process.exitCode = 1;
    });
}

async function examine(): Promise<Check[]> {
  let config: Config;
  try {
    config = loadConfig();
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [messageOf(error)];
    return problems.map((detail) => ({ name: 'configuration', status: 'FAIL', detail }));
  }
  const database = await attempt(() => inspectDatabase(config.databaseUrl));
  const found = database instanceof Error ? null : database;
  return [
    ...checkConfiguration(config),
    await checkKeys(config.keysFile, found?.hasUsers === true),
    ...checkTokens(config),
    ...(database instanceof Error
      ? [{ name: 'database', status: 'FAIL', detail: messageOf(database) } as const]
      : checkDatabase(database)),
    ...(await checkFiles(config.databaseUrl)),
    await checkMail(config),
    ...(config.mailTemplates === null ? [] : checkTemplates(config.mailTemplates)),
    checkClock(found?.clockOffsetMs ?? null),
  ];
}

function checkConfiguration(config: Config): Check[] {
  const name = 'configuration';
  const warnings = [envFileWarnings(), warningsOf(config, process.env)].flat();
  if (warnings.length === 0) return [{ name, status: 'ok', detail: 'complete' }];
  return warnings.map((detail) => ({ name, status: 'warn', detail }));
}

async function checkKeys(file: string, hasUsers: boolean): Promise<Check> {
  const name = 'key file';
  if (!existsSync(file) && !hasUsers) {
    return {
      name,
      status: 'warn',
      detail: `${file} is not there: the first start makes it, unless there are users`,
    };
  }
  const keys = await attempt(() => openKeyFile(file, { mayCreate: false }));
  if (keys instanceof Error) return { name, status: 'FAIL', detail: messageOf(keys) };
  const isEarly = keyPurposes.some(
    (purpose) => (keys[purpose][0]?.createdAt ?? 0) > Date.now() + MAX_OFFSET_MS,
  );
  if (isEarly) {
    const detail = `${file} has a key from the future: a clock is wrong, or was`;
    return { name, status: 'warn', detail };
  }
  const counts = keyPurposes
    .filter((purpose) => keys[purpose].length > 0)
    .map((purpose) => `${purpose} ${keys[purpose].length}`);
  return { name, status: 'ok', detail: `${file}: ${counts.join(', ')}` };
}

/** Verifiers without the feed trust a signed token until it expires, whatever happened to its session. */
const MAX_SIGNED_TTL_S = 900;

function checkTokens({ usersToken, usersTokenTtlS }: Config): Check[] {
  if (usersToken !== 'signed') return [];
  const name = 'tokens of /users';
  const detail = `signed, for ${usersTokenTtlS} s`;
  if (usersTokenTtlS <= MAX_SIGNED_TTL_S) return [{ name, status: 'ok', detail }];
  const hint = `others trust them for so long after a logout: set USERS_TOKEN_TTL to ${MAX_SIGNED_TTL_S} or below`;
  return [{ name, status: 'warn', detail: `${detail}; ${hint}` }];
}

function checkDatabase(found: Inspection | null): Check[] {
  if (found === null) {
    return [{ name: 'database', status: 'warn', detail: 'the file is made at the first start' }];
  }
  const { product, place, connection, durability, isDurable, schema } = found;
  const { version, latest } = schema;
  const detail = `version ${version} of ${latest}`;
  return [
    { name: 'database', status: 'ok', detail: `${product}, ${place}` },
    ...(connection === null
      ? []
      : [
          {
            name: 'connection',
            status: connection.isExposed ? 'warn' : 'ok',
            detail: connection.encryption,
          } as const,
        ]),
    {
      name: 'durability',
      status: isDurable ? 'ok' : 'FAIL',
      detail: isDurable ? durability : `${durability}: answered changes may be lost`,
    },
    version === latest
      ? { name: 'schema', status: 'ok', detail }
      : version < latest
        ? { name: 'schema', status: 'warn', detail: `${detail}: the next start migrates it` }
        : { name: 'schema', status: 'FAIL', detail: `${detail}: run a newer Rekey` },
  ];
}

async function checkFiles(databaseUrl: string): Promise<Check[]> {
  const command = await commandToClose(databaseUrl);
  if (command === null) return [];
  const detail = `others can read or write them: ${command}`;
  return [{ name: 'database files', status: 'warn', detail }];
}

async function checkMail(config: Config): Promise<Check> {
  const { smtpUrl, mailDir, mailFrom } = config;
  const name = 'mail';
  if (smtpUrl === null) {
    const detail = mailFolderWarning(config) ?? '';
    return { name, status: canBeWritten(mailDir) ? 'warn' : 'FAIL', detail };
  }
  const from = parseMailFrom(mailFrom);
  const server = await attempt(() => smtpOutlet({ url: smtpUrl, from }).verify());
  const url = new URL(smtpUrl);
  const tls = tlsOf(url);
  const vain = ['requireTLS', 'ignoreTLS', 'opportunisticTLS'].find((name) => {
    const value = url.searchParams.get(name);
    return tls === 'demanded' && value !== null && `${name}=${value}` !== 'requireTLS=true';
  });
  const hint = vain === undefined ? '' : `; ${vain} does not change that`;
  const detail = `SMTP server ${url.host}, ${encryption[tls]}${hint}`;
  return server instanceof Error
    ? { name, status: 'FAIL', detail: `${detail}: ${messageOf(server)}` }
    : { name, status: tls === 'never' || hint !== '' ? 'warn' : 'ok', detail };
}

const encryption: Readonly<Record<Tls, string>> = {
  'from the start': 'TLS from the start',
  demanded: 'nothing without TLS, as ignoreTLS=true is not written out',
  'where offered': 'TLS where it is offered',
  never: 'everything in clear text: ignoreTLS=true',
};

function checkTemplates(folder: string): Check[] {
  const name = 'templates';
  try {
    readTemplates(folder);
    return [{ name, status: 'ok', detail: folder }];
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return error.problems.map((detail) => ({ name, status: 'FAIL', detail }));
  }
}

function checkClock(offsetMs: number | null): Check {
  const name = 'clock';
  const now = new Date();
  const year = now.getUTCFullYear();
  if (year < FIRST_YEAR || year > LAST_YEAR) {
    return { name, status: 'FAIL', detail: `it says ${now.toISOString()}` };
  }
  if (offsetMs === null) return { name, status: 'ok', detail: now.toISOString() };
  const distanceMs = Math.abs(offsetMs);
  const detail = `the database is ${distanceMs} ms ${offsetMs < 0 ? 'behind' : 'ahead'}`;
  if (distanceMs > MAX_OFFSET_MS) return { name, status: 'FAIL', detail };
  return { name, status: distanceMs > NOTABLE_OFFSET_MS ? 'warn' : 'ok', detail };
}

async function attempt<T>(work: () => Promise<T>): Promise<T | Error> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A message on one line. Node leaves it empty where several addresses were tried in vain. */
function messageOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return (message || code || 'unknown error').replaceAll(/\s+/g, ' ');
}
