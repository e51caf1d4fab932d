import {
  accessTokens,
  addMissingKey,
  type BreachListEvents,
  bcryptHasher,
  deviceTokens,
  foreignHashes,
  hashGate,
  hibpBreachList,
  type KeyRingEvents,
  linkTokens,
  macs,
  openKeyRing,
  passwordMeter,
  secrets,
  totp,
  uuidv7Ids,
} from '@rekey/adapters-crypto';
import { flow, ledgers, type OpenOptions, openDatabase } from '@rekey/adapters-db';
import {
  type Brand,
  fileOutlet,
  parseMailFrom,
  readTemplates,
  smtpOutlet,
  type Templates,
  templatesOf,
} from '@rekey/adapters-mail';
import { openProviders, type ProviderEvents } from '@rekey/adapters-providers';
import { webAuthn } from '@rekey/adapters-webauthn';
import { webhookCaller } from '@rekey/adapters-webhooks';
import { DAY_MS, operator } from '@rekey/domain';
import {
  type Clock,
  type Database,
  keyUses,
  type Outlet,
  type Ports,
  places,
  type Settings,
  useCases,
} from '@rekey/usecases';
import type { Config } from './config.ts';

export type Rekey = Awaited<ReturnType<typeof compose>>;

type Events = KeyRingEvents &
  BreachListEvents &
  ProviderEvents &
  Pick<OpenOptions, 'onConnectionError' | 'isBulk'> & {
    /** A mail that was asked for is not owed, because there were too many of them. */
    readonly onMailWithheld?: (limit: string) => void;
    /** Something may be pending now. */
    readonly onCommit?: () => void;
  };

/** One for the process: it has a thread, and the words that passwords are made of. */
const meter = passwordMeter();

/**
 * Builds everything that the server and the command line both stand on, from the outside inwards.
 * Opens and migrates the database, opens the key file, which is made only while there are no users, and begins the audit
 * where nothing is yet.
 */
export async function compose(
  config: Config,
  events: Events = {},
  gate = hashGate(config.bcryptCost),
  watchDatabase = (database: Database) => database,
) {
  const mail = outletFor(config);
  const caller = webhookCaller({ privateNetworks: config.webhookPrivateNetworks });
  const opened = await openDatabase({ url: config.databaseUrl, ...events });
  try {
    await opened.migrate();
    const database = watchDatabase(opened.database);
    const hasUsers = await database.read(({ users }) => users.exist());
    const clock: Clock = { now: () => Date.now() };
    const file = config.keysFile;
    const ring = await openKeyRing({ file, mayCreate: !hasUsers, clock, ...events });
    if (config.usersTokenAlg === 'RS256') {
      await addMissingKey(file, 'signingRsa');
      await ring.refresh();
    }

    const tokens = accessTokens({
      keys: ring.keys,
      clock,
      issuer: config.publicUrl,
      ttlS: config.accessTokenTtlS,
      people: {
        form: config.usersToken,
        alg: config.usersTokenAlg,
        issuer: config.usersIssuer,
        ttlS: config.usersTokenTtlS,
      },
    });
    const sealed = secrets(
      () => ring.keys().seal,
      () => ring.keys().throttle,
    );
    const hashing = {
      cost: config.bcryptCost,
      peppers: () => ring.keys().pepper,
      secrets: sealed,
    };
    const audited = macs(() => ring.keys().audit);
    const ids = uuidv7Ids(clock);
    const ports: Ports = {
      database,
      hasher: bcryptHasher({ ...hashing, gate }),
      foreignHashes: foreignHashes(hashing),
      meter,
      breachList:
        config.hibpUrl === null ? null : hibpBreachList({ url: config.hibpUrl, clock, ...events }),
      secrets: sealed,
      macs: audited,
      accessTokens: tokens,
      totp,
      linkTokens: linkTokens(() => ring.keys().link),
      deviceTokens: deviceTokens(() => ring.keys().device),
      webAuthn: webAuthn({
        origins: config.webAuthnOrigins,
        challengeKeys: () => ring.keys().link,
        blindKeys: () => ring.keys().throttle,
      }),
      providers: await openProviders({ ...clientsOf(config), ...events, clock }),
      channels: { mail },
      webhookCaller: caller,
      mailTally: { withheld: (limit) => events.onMailWithheld?.(limit) },
      ledgers,
      clock,
      ids,
      flow: flow(),
      news: opened.news,
      places: places({ database, clock, ids, news: opened.news, macs: audited }),
      commits: { made: () => events.onCommit?.() },
      keyUses: keyUses(),
      sessionUses: keyUses(),
      settings: settingsOf(config),
    };

    const all = useCases(ports);
    await all.audit.beginAudit.execute(operator);
    return {
      useCases: all,
      news: opened.news,
      jwks: () => tokens.jwks(),
      ping: () => opened.ping(),
      scrub: () => opened.scrub(),
      size: () => opened.size(),
      giveUpMails: () => mail.close(),
      close: async () => {
        // No server may be running. Where it cannot be done now, the next one does it.
        await all.maintenance.sequence.execute(operator, { isPatient: true }).catch(() => null);
        ring.close();
        mail.close();
        caller.close();
        await opened.close();
      },
    };
  } catch (error) {
    mail.close();
    await opened.close();
    throw error;
  }
}

export function settingsOf(config: Config): Settings {
  return {
    passwordPolicy: config.passwordPolicy,
    passwordHistory: config.passwordHistory,
    refreshTokenTtlMs: config.refreshTokenTtlS * 1000,
    sessionTtlMs: config.sessionTtlS * 1000,
    revokeTokenTtlMs: config.revokeTokenTtlS * 1000,
    resetTokenTtlMs: config.resetTokenTtlS * 1000,
    registerTokenTtlMs: config.registerTokenTtlS * 1000,
    publicUrl: config.publicUrl,
    recoverPasswordUrl: config.recoverPasswordUrl,
    validateEmailUrl: config.validateEmailUrl,
    supportUrl: config.supportUrl,
    brandName: config.brandName,
    usersSignup: config.usersSignup,
    usersRecovery: config.usersRecovery,
    usersEmailChange: config.usersEmailChange,
    mailPerHour: config.mailPerHour,
    unprovenTtlMs: config.unprovenDays === 0 ? null : config.unprovenDays * DAY_MS,
    streams: { total: config.eventStreams, perService: config.eventStreamsPerService },
    throttle: {
      accountFree: config.throttleAccountFree,
      clientPerMinute: config.throttleClientPerMinute,
      changesPerHour: config.throttleChangesPerHour,
    },
  };
}

/** The clients that the operator registered with providers: an id has its secret, see `readConfig`. */
function clientsOf(config: Config) {
  const { googleClientId, githubClientId, githubClientSecret } = config;
  const { microsoftClientId, microsoftClientSecret } = config;
  return {
    google:
      googleClientId === null
        ? null
        : {
            clientId: googleClientId,
            clientSecret: config.googleClientSecret,
            issuer: config.googleIssuer,
          },
    github:
      githubClientId === null || githubClientSecret === null
        ? null
        : {
            clientId: githubClientId,
            clientSecret: githubClientSecret,
            url: config.githubUrl,
            apiUrl: config.githubApiUrl,
          },
    microsoft:
      microsoftClientId === null || microsoftClientSecret === null
        ? null
        : {
            clientId: microsoftClientId,
            clientSecret: microsoftClientSecret,
            url: config.microsoftUrl,
            tenants: config.microsoftTenants,
          },
  };
}

/** The way out for mails: an SMTP server, or a folder. */
export function outletFor(config: Config): Outlet & { close(): void } {
  const { smtpUrl, mailDir } = config;
  const from = parseMailFrom(config.mailFrom);
  const mail = { from, templates: templatesFor(config), brand: brandOf(config) };
  if (smtpUrl !== null) return smtpOutlet({ url: smtpUrl, ...mail });
  return { ...fileOutlet({ dir: mailDir, ...mail }), close: () => undefined };
}

/** The look that the configuration names. */
export const brandOf = ({ brandName, brandColor, brandLogo }: Config): Brand => ({
  name: brandName,
  color: brandColor,
  logo: brandLogo,
});

/** The templates that the configuration names, all of them checked. */
export function templatesFor({ mailTemplates }: Pick<Config, 'mailTemplates'>): Templates {
  return mailTemplates === null ? templatesOf() : readTemplates(mailTemplates);
}
