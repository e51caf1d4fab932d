/**
 * Every difference between Rekey and mojzu/sso 0.10.2 that its integration tests come across, with its reason.
 * There are no others: whatever is not named here is asked of Rekey as its tests ask it of that system.
 */
type Difference<Of> = { readonly sso: Of; readonly rekey: Of; readonly reason: string };

/** A status, and the `message` of a refusal where a test looks at it. */
export type Expected = { readonly status: number; readonly message?: string };

/** Types, by the member that has another one, or for a type wherever it stands. */
export const types: Readonly<Record<string, Difference<string>>> = {
  int64: {
    sso: 'int64',
    rekey: 'integer',
    reason:
      'A number is written as a number. Readers of proto JSON take a text of digits and a number alike.',
  },
  'ErrorReply.code': {
    sso: 'integer?',
    rekey: 'string',
    reason:
      'A code is a name of a closed list: a number of gRPC says no more than the status does.',
  },
};

/** Answers, by what they are about. */
export const answers = {
  credentialsFirst: {
    sso: { status: 400, message: 'ValidationError' },
    rekey: { status: 401, message: 'RedactedError' },
    reason:
      'Whether a body is well-formed is told to nobody whose key is not good for the call, and a root key is not good for authentication.',
  },
  foreignAudit: {
    sso: { status: 400 },
    rekey: { status: 404 },
    reason: 'What a service does not see is not found, whether it is read or changed.',
  },
  revocationOfTokenKey: {
    sso: { status: 400, message: 'RedactedError' },
    rekey: { status: 200 },
    reason: 'Every key of a user can be taken back with its value: a leaked one has to end.',
  },
  ping: {
    sso: { status: 404 },
    rekey: { status: 200 },
    reason:
      'The test asks for the gRPC method. Over HTTP, which is what Rekey speaks, that system answers `Pong` as well.',
  },
} satisfies Record<string, Difference<Expected>>;
