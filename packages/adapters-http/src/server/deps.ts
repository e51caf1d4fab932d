import type { PasswordPolicy } from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';

/** All that the HTTP server is given. */
export type HttpDeps = {
  readonly useCases: UseCases;
  /** The public keys that access tokens are verified with. */
  readonly jwks: () => Jwks | Promise<Jwks>;
  /** Whether the database answers; a rejection counts as no. */
  readonly isReady: () => Promise<boolean>;
  readonly log: Log;
  /** Counts requests for operators; not set where nobody counts. */
  readonly watch?: Watch | undefined;
  /** The version of the program that serves. */
  readonly version: string;
  readonly options: HttpOptions;
};

export type HttpOptions = {
  /** Where people reach this server, without a slash at the end. */
  readonly publicUrl: string;
  /** Addresses and networks whose X-Forwarded-For or Forwarded is believed; empty for none. */
  readonly trustProxy: readonly string[];
  /** Origins whose pages may call both dialects from a browser. */
  readonly corsAllowOrigin: readonly string[];
  /** How long a connection on which nothing is asked stays open. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** Connections that are open at a time, at most. */
  readonly maxConnections?: number | undefined;
  /** Whether proxies may ask who a request is from, at `/hook/traefik/*`. */
  readonly forwardAuth?: boolean | undefined;
  /** Whether `/docs` shows the API to browsers. */
  readonly apiDocs: boolean;
  /** The rules that a new password is checked against. */
  readonly passwordPolicy: PasswordPolicy;
  /** The name that people know this server by. */
  readonly brandName: string;
  /** `#rrggbb`; pages make it readable. */
  readonly brandColor: string;
  /** Null where the name stands alone. */
  readonly brandLogo: {
    readonly type: 'image/svg+xml' | 'image/png';
    readonly content: Buffer;
  } | null;
  /** The place where people find help: a URL with https or mailto; null for none. */
  readonly supportUrl: string | null;
};

/** A JSON Web Key Set; whatever it holds, only the public members of Ed25519 and RSA keys are published. */
export type Jwks = { readonly keys: readonly object[] };

export type Watch = {
  /** A request is over. */
  answered(request: Answered): void;
  /** A request was turned away by a limit of that name. */
  throttled(limit: string): void;
  /** A request was answered as it was before. */
  replayed(): void;
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
