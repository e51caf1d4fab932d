import type { PasswordPolicy, Service } from '@rekey/domain';
import type {
  AdmitClient,
  AuthenticateBearer,
  AuthenticateKey,
  CreateKey,
  CreateUser,
  ListAudit,
  Login,
  ReadAuditEntry,
  ReadKey,
  ReadPasswordChange,
  ReadUser,
  RefreshToken,
  RevokeKey,
  RevokeToken,
  RevokeUpdatePassword,
  UpdatePassword,
  VerifyKey,
  VerifyToken,
  VerifyTotp,
} from '@rekey/usecases';

/** All that the HTTP server calls. */
export type HttpDeps = {
  readonly admitClient: AdmitClient;
  readonly authenticateBearer: AuthenticateBearer;
  readonly authenticateKey: AuthenticateKey;
  readonly createKey: CreateKey;
  readonly createUser: CreateUser;
  readonly listAudit: ListAudit;
  readonly login: Login;
  readonly readAuditEntry: ReadAuditEntry;
  readonly readKey: ReadKey;
  readonly readPasswordChange: ReadPasswordChange;
  readonly readUser: ReadUser;
  readonly refreshToken: RefreshToken;
  readonly revokeKey: RevokeKey;
  readonly revokeToken: RevokeToken;
  readonly revokeUpdatePassword: RevokeUpdatePassword;
  readonly updatePassword: UpdatePassword;
  readonly verifyKey: VerifyKey;
  readonly verifyToken: VerifyToken;
  readonly verifyTotp: VerifyTotp;
  /** The built-in service that owns the form dialect. */
  readonly formService: () => Promise<Service>;
  /** The public keys that access tokens are verified with. */
  readonly jwks: () => Jwks | Promise<Jwks>;
  /** Whether the database answers; a rejection counts as no. */
  readonly isReady: () => Promise<boolean>;
  readonly log: Log;
  /** Told what operators count; not set where nobody counts. */
  readonly watch?: Watch | undefined;
  readonly options: HttpOptions;
};

export type HttpOptions = {
  /** Where people reach this server, without a slash at the end. */
  readonly publicUrl: string;
  /** Addresses and networks whose X-Forwarded-For is believed; empty for none. */
  readonly trustProxy: readonly string[];
  /** Connections that are held open at most. */
  readonly maxConnections?: number | undefined;
  /** Whether `POST /users/create` is open. */
  readonly usersSignup: boolean;
  /** Whether `/docs` shows the API to browsers. */
  readonly apiDocs: boolean;
  /** What the form for a new password asks for before it is sent. */
  readonly passwordPolicy: PasswordPolicy;
  /** What people know this server by. */
  readonly brandName: string;
  /** `#rrggbb`; pages make it readable. */
  readonly brandColor: string;
  /** Null where the name stands alone. */
  readonly brandLogo: {
    readonly type: 'image/svg+xml' | 'image/png';
    readonly content: Buffer;
  } | null;
};

/** A JSON Web Key Set; whatever it holds, only the public members of Ed25519 keys are published. */
export type Jwks = { readonly keys: readonly object[] };

export type Watch = {
  /** A request is over. */
  answered(request: Answered): void;
  /** Somebody was turned away by a limit of that name. */
  throttled(limit: string): void;
};

export type Answered = {
  readonly method: string;
  /** As declared, without ids and query; null where there is none. */
  readonly route: string | null;
  /** Null where the client left before there was one. */
  readonly status: number | null;
  readonly ms: number;
};

/** Where log lines go: a pino logger fits. */
export type Log = {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
};
