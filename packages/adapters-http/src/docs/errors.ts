import { type ViolationCode, violationCodes } from '@rekey/domain';
import { html } from '@rekey/wording';
import { type ProblemCode, problem, problemCodes } from '../server/problem.ts';

/** When each code is answered; docs/errors.md repeats it. */
export const whenOf: Record<ProblemCode, string> = {
  bad_request:
    'the request cannot be read: no JSON, broken percent-encoding, a body that is not UTF-8, a `Host` that is missing, two lines of a header that must have one',
  invalid_argument:
    'an argument is missing, malformed, repeated, unknown or refused; `errors` says which and why',
  invalid_credentials:
    'the user is unknown or disabled, the password is wrong or was never set, or the user has no usable TOKEN key of this service; at `POST /v1/auth/totp`, the code is wrong or was used. The answer does not tell these cases apart',
  invalid_one_time_token:
    "the token of a mailed link is unknown, used, expired, or another service's",
  invalid_token:
    "the access token, refresh token or key in the body is unknown, expired, used, revoked, or another service's",
  invalid_cursor:
    'The `after` of a feed, or the `Last-Event-ID`, is no cursor of it. Cursors are good for the feed of the service that they were answered for alone.',
  cursor_expired:
    'What came after the cursor is not kept any more: events are kept for 30 days. Begin anew without a cursor, and do not rest on what you kept from before.',
  account_locked:
    'the owner of the account locked it by the link of a mail; nobody else enables it',
  account_not_locked: 'the account is not locked, and there is nothing to give back',
  last_way_in:
    'nothing else would let the owner into the account: it has no password and no passkey, and no other account at a provider is linked to it',
  address_not_proven:
    'this takes an account whose address somebody proved, with a button of a mail or at a provider: another person may have made this one',
  recent_change:
    'something about the account was changed in the last seven days, and its owner can still take that back',
  unauthorized:
    'the service key or bearer token is missing, not valid or expired, or its session has ended',
  cross_site_request:
    'a browser says that the page of another site sent the form: by `Origin`, or by `Sec-Fetch-Site`',
  forbidden:
    'the caller is known and sees the thing, and may not do this: a role or scope is missing, or it takes the service that made the thing',
  password_update_required: 'the credentials are right, and the password must be changed first',
  second_factor_required:
    'what was proven is right, and a second factor is asked for: show it with the `challenge`',
  factor_enrolment_required:
    'what was proven is right, and this service takes a second factor, which the user has not got: the `challenge` enrols one; it is null where the address of the user was never proven',
  insufficient_user_authentication:
    'the token is good, and was proven too long ago or with too little for what was asked (RFC 9470)',
  registration_closed:
    'sign-up is closed; as a 400, the service takes no registrations (`user_allow_register`)',
  root_key_required: 'a service key was sent, and this takes a root key',
  not_found: "no such path, user or key, or somebody else's",
  method_not_allowed: 'the path exists with the methods in `Allow`',
  request_timeout: 'the request did not arrive within 15 s, its headers within 10 s',
  idempotency_key_in_use:
    'a request with this `Idempotency-Key` is under way; send it again a little later',
  payload_too_large: 'the body is larger than 16 KiB, or at `/v1/audit` than 64 KiB',
  unsupported_media_type: 'the route takes another content type: JSON under `/v1`, forms elsewhere',
  idempotency_key_reused:
    'this `Idempotency-Key` was used for a request with another method, path or body',
  too_many_requests:
    'an account, a client, sign-ups, the changes of a password or keys that are wrong were tried too often; try again after `Retry-After` seconds',
  headers_too_large: 'the headers are larger than 16 KiB, or there are more than 100 of them',
  internal: 'a bug; `instance` is the id of the request in the log',
  overloaded: 'too many hashes are waiting; try again after `Retry-After` seconds',
  unavailable:
    'the database does not answer, or the server is about to stop; try again after `Retry-After` seconds',
};

/** Why an argument is refused; docs/errors.md repeats it. */
export const whyOf: Record<ViolationCode, string> = {
  required: 'it is missing',
  unknown: 'there is no such argument, or nothing that it names',
  repeated: 'it is given more than once',
  malformed: 'it has another type or form than it must have',
  too_short: 'a password has fewer characters than the policy asks for: 8, under `nist` 15',
  too_long: 'a password has more than 128 characters',
  unusable: 'it is no e-mail address, or one that cannot be used here',
  exists: 'there may be only one of it, and there is one',
  out_of_range: 'it is a number, or has a length, beyond what is allowed',
  past: 'it is an instant that has passed',
  not_allowed: 'it does not go together with another argument, or with the state of the thing',
  common: 'a password is on the list of common ones, or known from a breach',
  contains_email: 'a password holds the name of the e-mail address, the part before the `@`',
  contains_service: 'a password holds the name of the service',
  same_as_current: 'a password is the one that it should replace',
  used_before: 'a password is one that the account had before (`PASSWORD_HISTORY`)',
};

/** Where the `type` of a problem leads to: an anchor for each code. */
export const errorsPage = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Errors</title>
<link rel="stylesheet" href="../local/style.css">
</head>
<body>
<main>
<h1>Errors</h1>
${problemCodes.map(
  (code) => html`<section id="${code}">
<h2>${code}</h2>
<p>${String(problem(code, '').status)} ${problem(code, '').title}: ${whenOf[code].replaceAll('`', '')}.</p>
</section>
`,
)}
<h2>Refused arguments</h2>
<dl>
${violationCodes.map((code) => html`<dt>${code}</dt><dd>${whyOf[code].replaceAll('`', '')}.</dd>\n`)}</dl>
</main>
</body>
</html>
`;
