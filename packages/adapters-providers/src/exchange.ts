import { InvalidToken, isRefusal, type Provider, Unavailable } from '@rekey/domain';
import { errors as jose } from 'jose';
import * as client from 'openid-client';
import { ProviderFailure, TIME_LIMIT_MS, withDeadline } from './bounded-fetch.ts';

/** What became of an exchange with a provider. A person whom it `refused` proved nothing; one that `failed` may be tried again. */
export type Exchanged = {
  readonly provider: Provider;
  readonly outcome: 'answered' | 'refused' | 'failed';
  /** Why it failed; it holds nothing that was sent. Null otherwise. */
  readonly reason: string | null;
};

export type ProviderEvents = { readonly onExchange?: (exchanged: Exchanged) => void };

export type ExchangeOptions = ProviderEvents & {
  readonly timeLimitMs?: number;
  /** For so long after a fetch of a provider's keys an unknown key is not asked for again. */
  readonly cooldownMs?: number;
};

/** Exchanges at once with a provider that is slow, before more are turned away. */
const MAX_UNDER_WAY = 64;
const RETRY_AFTER_S = 5;

/** Brackets what is said to and by one provider, see `CodeFlow`: it ends in time, and in one of three ways. */
export function exchanges(
  provider: Provider,
  { onExchange, timeLimitMs = TIME_LIMIT_MS }: ExchangeOptions,
) {
  let underWay = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (underWay >= MAX_UNDER_WAY) throw new Unavailable(RETRY_AFTER_S);
    underWay += 1;
    const tell = (outcome: Exchanged['outcome'], reason: string | null = null) =>
      onExchange?.({ provider, outcome, reason });
    try {
      const answer = await withDeadline(work, timeLimitMs);
      tell('answered');
      return answer;
    } catch (error) {
      if (isRefusal(error) || isNoProof(error)) {
        tell('refused');
        throw new InvalidToken();
      }
      tell('failed', reasonOf(error));
      throw new Unavailable(RETRY_AFTER_S);
    } finally {
      underWay -= 1;
    }
  };
}

/** What a provider says of a client that is not set up right, and of itself: no code or token is at fault. */
const NOT_THE_CODE: ReadonlySet<string> = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'incorrect_client_credentials',
  'server_error',
  'temporarily_unavailable',
]);

/** Codes of errors about claims of an ID token. */
const CLAIM_ERRORS: ReadonlySet<string | undefined> = new Set([
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
]);

/** The errors of a set of keys that could not be had. */
const isAboutKeys = (error: unknown): boolean =>
  error instanceof jose.JWKSInvalid || error instanceof jose.JWKSTimeout;

/** Whether an error says that a code or token proves nothing; all others say that there is no knowing. */
function isNoProof(error: unknown): boolean {
  if (error instanceof client.ResponseBodyError) return !NOT_THE_CODE.has(error.error);
  if (error instanceof client.ClientError) return CLAIM_ERRORS.has(error.code);
  // An answer of another status than 200 is such an error without a code of its own.
  return (
    error instanceof jose.JOSEError && error.code !== 'ERR_JOSE_GENERIC' && !isAboutKeys(error)
  );
}

/** Without the message of a library, which may hold a claim or a body. */
function reasonOf(error: unknown): string {
  if (error instanceof ProviderFailure) return error.message;
  if (error instanceof client.ResponseBodyError) {
    return NOT_THE_CODE.has(error.error) ? error.error : 'an error';
  }
  if (!(error instanceof Error)) return 'an error';
  const { cause } = error;
  if (cause instanceof ProviderFailure) return cause.message;
  const code = [error, cause].flatMap((each) =>
    each instanceof Error && 'code' in each && typeof each.code === 'string' ? [each.code] : [],
  );
  const name = cause instanceof Error ? cause.name : error.name;
  return code.at(-1) ?? name;
}
