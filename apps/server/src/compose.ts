import {
  accessTokens,
  type BreachListEvents,
  bcryptHasher,
  hashGate,
  hibpBreachList,
  type KeyRingEvents,
  macs,
  openKeyRing,
  passwordMeter,
  revokeTokens,
  secrets,
  totp,
  uuidv7Ids,
} from '@rekey/adapters-crypto';
import { type OpenOptions, openDatabase } from '@rekey/adapters-db';
import {
  fileMailer,
  parseMailFrom,
  readTemplates,
  smtpMailer,
  type Templates,
  templatesOf,
} from '@rekey/adapters-mail';
import {
  AdmitClient,
  AuthenticateBearer,
  AuthenticateKey,
  type Clock,
  CountMails,
  CreateKey,
  CreateRootKey,
  CreateServiceWithKey,
  CreateUser,
  type Database,
  DeliverMail,
  ListAudit,
  ListMails,
  Login,
  OpenFormService,
  type Ports,
  Prune,
  PruneAudit,
  ReadAuditEntry,
  ReadKey,
  ReadPasswordChange,
  ReadUser,
  RefreshToken,
  RequeueDeadMails,
  RequeueMail,
  RevokeKey,
  RevokeToken,
  RevokeUpdatePassword,
  UpdatePassword,
  VerifyAudit,
  VerifyKey,
  VerifyToken,
  VerifyTotp,
} from '@rekey/usecases';
import type { Config } from './config.ts';

export type Rekey = Awaited<ReturnType<typeof compose>>;

/** One for the process: it has a thread, and 35 MB of dictionaries. */
const meter = passwordMeter();

/**
 * Builds everything by hand, from the rim inwards: what the server and the command line both stand on.
 * Opens and migrates the database, and opens the key file, which is made only while there are no users.
 */
export async function compose(
  config: Config,
  events: KeyRingEvents & BreachListEvents & Pick<OpenOptions, 'onConnectionError'> = {},
  gate = hashGate(config.bcryptCost),
  watchDatabase = (database: Database) => database,
) {
  const templates = templatesFor(config);
  const opened = await openDatabase({ url: config.databaseUrl, ...events });
  try {
    await opened.migrate();
    const database = watchDatabase(opened.database);
    const hasUsers = await database.read(({ users }) => users.exist());
    const clock: Clock = { now: Date.now };
    const file = config.keysFile;
    const ring = await openKeyRing({ file, mayCreate: !hasUsers, clock, ...events });

    const tokens = accessTokens({
      keys: ring.keys,
      clock,
      issuer: config.publicUrl,
      ttl: config.accessTokenTtl,
    });
    const from = parseMailFrom(config.mailFrom);
    const smtp =
      config.smtpUrl === null ? null : smtpMailer({ url: config.smtpUrl, from, templates });
    const ports: Ports = {
      database,
      hasher: bcryptHasher({ cost: config.bcryptCost, peppers: () => ring.keys().pepper, gate }),
      meter,
      breachList:
        config.hibpUrl === null ? null : hibpBreachList({ url: config.hibpUrl, clock, ...events }),
      secrets: secrets(() => ring.keys().seal),
      macs: macs(() => ring.keys().audit),
      accessTokens: tokens,
      totp,
      revokeTokens: revokeTokens(() => ring.keys().revoke),
      mailer: smtp ?? fileMailer({ dir: config.mailDir, from, templates }),
      clock,
      ids: uuidv7Ids(clock),
      settings: {
        passwordPolicy: config.passwordPolicy,
        refreshTokenTtl: config.refreshTokenTtl,
        revokeTokenTtl: config.revokeTokenTtl,
        publicUrl: config.publicUrl,
        brandName: config.brandName,
        throttle: {
          accountFree: config.throttleAccountFree,
          clientPerMinute: config.throttleClientPerMinute,
          changesPerHour: config.throttleChangesPerHour,
        },
      },
    };

    return {
      admitClient: new AdmitClient(ports),
      authenticateBearer: new AuthenticateBearer(ports),
      authenticateKey: new AuthenticateKey(ports),
      countMails: new CountMails(ports),
      createKey: new CreateKey(ports),
      createRootKey: new CreateRootKey(ports),
      createServiceWithKey: new CreateServiceWithKey(ports),
      createUser: new CreateUser(ports),
      deliverMail: new DeliverMail(ports),
      listAudit: new ListAudit(ports),
      listMails: new ListMails(ports),
      login: new Login(ports),
      openFormService: new OpenFormService(ports),
      prune: new Prune(ports),
      pruneAudit: new PruneAudit(ports),
      readAuditEntry: new ReadAuditEntry(ports),
      readKey: new ReadKey(ports),
      readPasswordChange: new ReadPasswordChange(ports),
      readUser: new ReadUser(ports),
      refreshToken: new RefreshToken(ports),
      requeueDeadMails: new RequeueDeadMails(ports),
      requeueMail: new RequeueMail(ports),
      revokeKey: new RevokeKey(ports),
      revokeToken: new RevokeToken(ports),
      revokeUpdatePassword: new RevokeUpdatePassword(ports),
      updatePassword: new UpdatePassword(ports),
      verifyAudit: new VerifyAudit(ports),
      verifyKey: new VerifyKey(ports),
      verifyToken: new VerifyToken(ports),
      verifyTotp: new VerifyTotp(ports),
      jwks: () => tokens.jwks(),
      ping: () => opened.ping(),
      close: async () => {
        ring.close();
        smtp?.close();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** The templates that the configuration names, all of them checked. */
export function templatesFor({ mailTemplates }: Pick<Config, 'mailTemplates'>): Templates {
  return mailTemplates === null ? templatesOf() : readTemplates(mailTemplates);
}
