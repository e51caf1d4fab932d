import type { WebhookFailure } from '@rekey/domain';

/** A call that failed for a reason that is known. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  readonly reason: WebhookFailure;

  constructor(reason: WebhookFailure) {
    super(reason);
    this.reason = reason;
  }
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
]);

/** What TLS and OpenSSL call their errors, and those of certificates (`X509_V_ERR_…`). */
const TLS =
  /^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|INVALID_)/;

/** The reason behind an error of a request that got no answer. */
export function reasonOf(error: unknown): WebhookFailure {
  if (error instanceof CallFailure) return error.reason;
  const { code = '' } = error as { readonly code?: string };
  if (UNREACHABLE.has(code)) return 'unreachable';
  if (TLS.test(code)) return 'tls';
  if (code.startsWith('HPE_')) return 'malformed';
  return 'closed';
}
