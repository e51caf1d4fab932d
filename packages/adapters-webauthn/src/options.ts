import { PASSKEY_CHALLENGE_MS, type PasskeyReference, type User } from '@rekey/domain';
import type { WebAuthn } from '@rekey/usecases';

/** ES256, RS256 and EdDSA (RFC 9053): what authenticators have. */
export const ALGORITHMS = [-7, -257, -8];

/** What the page asks an authenticator for (WebAuthn, 5.4). */
export const creationOptions: WebAuthn['creationOptions'] = ({
  challenge,
  rpId,
  rpName,
  user,
  existing,
}) => ({
  rp: { id: rpId, name: rpName },
  user: { id: handleOf(user.id), name: user.email, displayName: user.name },
  challenge,
  pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
  timeout: PASSKEY_CHALLENGE_MS,
  attestation: 'none',
  excludeCredentials: existing.map(asDescriptor),
  authenticatorSelection: {
    residentKey: 'preferred',
    requireResidentKey: false,
    userVerification: 'preferred',
  },
  extensions: { credProps: true },
});

/** What the page asks an authenticator to prove (WebAuthn, 5.5). */
export const requestOptions: WebAuthn['requestOptions'] = ({ challenge, rpId, allowed }) => ({
  challenge,
  rpId,
  timeout: PASSKEY_CHALLENGE_MS,
  userVerification: 'preferred',
  allowCredentials: allowed.map(asDescriptor),
});

/** The user as authenticators know it (WebAuthn, 5.4.3): the sixteen bytes of the id, which says nothing of the person. */
export const handleOf = (id: User['id']): string =>
  Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');

const asDescriptor = ({ credentialId, transports }: PasskeyReference) => ({
  type: 'public-key',
  id: credentialId,
  ...(transports.length > 0 && { transports }),
});
