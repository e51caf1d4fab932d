import { generateKeyPairSync } from 'node:crypto';
import type { Passkey } from '@rekey/domain';
import type { PasskeyAnswer, WebAuthn } from '@rekey/usecases';
import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import {
  cose,
  decodeAttestationObject,
  isoBase64URL,
  isoCBOR,
} from '@simplewebauthn/server/helpers';
import type { challenges } from './challenges.ts';
import { ALGORITHMS, handleOf } from './options.ts';

/** WebAuthn, 7.1, step 25. */
const MAX_CREDENTIAL_ID_BYTES = 1023;
/** Twice a key of RSA with 4096 bits: longer ones would only cost time. */
const MAX_PUBLIC_KEY_BYTES = 1100;
/** Names of ways to reach an authenticator (WebAuthn, 5.8.4), of which there are seven. */
const TRANSPORT = /^[a-z-]{1,20}$/;
const MAX_TRANSPORTS = 8;

type Needs = {
  /** The origins whose passkeys are accepted, and the domain of each. */
  readonly rpIds: ReadonlyMap<string, string>;
  readonly challenges: ReturnType<typeof challenges>;
};

/** Checks what authenticators answer. */
export function answers({ rpIds, challenges: all }: Needs): Pick<WebAuthn, 'created' | 'proven'> {
  const nobodys = nobodysKey();

  /** All that an answer has to fit, of either kind; null where the page names an origin that is not accepted. */
  const expected = ({ ceremony, origin, now }: PasskeyAnswer) => {
    const accepted = origin === undefined ? [...rpIds.keys()] : [origin];
    const accept = (challenge: string) => all.read(challenge, ceremony, now) !== null;
    return {
      expectedOrigin: accepted.filter((each) => rpIds.has(each)),
      expectedChallenge: accept,
      requireUserVerification: false,
    };
  };
  const answeredBy = (response: Responses, { ceremony, now }: PasskeyAnswer) => {
    const { challenge, crossOrigin } = clientDataOf(response);
    // In a frame, the person may not know whom the passkey is shown to.
    return crossOrigin === true ? null : all.read(challenge, ceremony, now);
  };
  /** An origin goes with its own domain alone, whatever else is accepted. */
  const isOwnDomain = (origin: string, rpId: string | undefined) => rpIds.get(origin) === rpId;

  return {
    created: (answer) =>
      orNull(async () => {
        const response = answer.response as RegistrationResponseJSON;
        const answered = answeredBy(response, answer);
        if (answered === null || isVouchedFor(response)) return null;
        const { registrationInfo: made } = await verifyRegistrationResponse({
          ...expected(answer),
          response,
          expectedRPID: [...new Set(rpIds.values())],
          supportedAlgorithmIDs: ALGORITHMS,
        });
        if (!made?.rpID || !isOwnDomain(made.origin, made.rpID)) return null;
        const { id: credentialId, publicKey, counter } = made.credential;
        if (isoBase64URL.toBuffer(credentialId).length > MAX_CREDENTIAL_ID_BYTES) return null;
        if (publicKey.length > MAX_PUBLIC_KEY_BYTES) return null;
        return {
          credentialId,
          publicKey: isoBase64URL.fromBuffer(publicKey),
          rpId: made.rpID,
          counter,
          transports: transportsOf(response),
          isBackupEligible: made.credentialDeviceType === 'multiDevice',
          isBackedUp: made.credentialBackedUp,
          isUserVerified: made.userVerified,
          answered,
        };
      }),

    proven: (answer, passkey) =>
      orNull(async () => {
        const response = answer.response as AuthenticationResponseJSON;
        const { rpId, credentialId, publicKey } = passkey ?? nobodys;
        const answered = answeredBy(response, answer);
        if (answered === null) return null;
        const { verified, authenticationInfo: used } = await verifyAuthenticationResponse({
          ...expected(answer),
          response,
          expectedRPID: passkey === null ? [...new Set(rpIds.values())] : rpId,
          // A counter of 0 here: the one that is kept may change until the proof is taken.
          credential: { id: credentialId, publicKey: isoBase64URL.toBuffer(publicKey), counter: 0 },
        });
        if (!verified || passkey === null || response.id !== credentialId) return null;
        if (!isOwnDomain(used.origin, used.rpID)) return null;
        const { userHandle } = response.response;
        const isNamed = userHandle !== undefined && userHandle !== null;
        if (isNamed ? userHandle !== handleOf(passkey.userId) : answer.ceremony.account === '') {
          return null;
        }
        const isBackupEligible = used.credentialDeviceType === 'multiDevice';
        if (isBackupEligible !== passkey.isBackupEligible) return null;
        const { newCounter: counter, credentialBackedUp: isBackedUp, userVerified } = used;
        return { counter, isBackedUp, isUserVerified: userVerified, answered };
      }),
  };
}

type Responses = RegistrationResponseJSON | AuthenticationResponseJSON;

/** The library throws for whatever does not fit, and for whatever it cannot read. */
async function orNull<T>(read: () => Promise<T | null>): Promise<T | null> {
  try {
    return await read();
  } catch {
    return null;
  }
}

function clientDataOf({ response }: Responses): { challenge: string; crossOrigin?: boolean } {
  return JSON.parse(isoBase64URL.toUTF8String(response.clientDataJSON));
}

/**
 * Whether a maker vouches for an authenticator with certificates. Nobody asked for that, and to check it would take the
 * word of certificates that anybody can send, and calls to the hosts that these name.
 */
function isVouchedFor({ response }: RegistrationResponseJSON): boolean {
  const attestation = decodeAttestationObject(isoBase64URL.toBuffer(response.attestationObject));
  const format = attestation.get('fmt');
  const isOwnWord = format === 'packed' && attestation.get('attStmt').get('x5c') === undefined;
  return format !== 'none' && !isOwnWord;
}

function transportsOf({ response }: RegistrationResponseJSON): string[] {
  const given: unknown = response.transports;
  if (!Array.isArray(given)) return [];
  const known = given.filter((each) => typeof each === 'string' && TRANSPORT.test(each));
  return [...new Set(known as string[])].slice(0, MAX_TRANSPORTS);
}

/** A key with whose public half answers are checked that name no passkey. */
function nobodysKey(): Pick<Passkey, 'rpId' | 'credentialId' | 'publicKey'> {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'jwk',
  });
  const key = new Map<number, number | Uint8Array>([
    [cose.COSEKEYS.kty, cose.COSEKTY.EC2],
    [cose.COSEKEYS.alg, cose.COSEALG.ES256],
    [cose.COSEKEYS.crv, cose.COSECRV.P256],
    [cose.COSEKEYS.x, isoBase64URL.toBuffer(x)],
    [cose.COSEKEYS.y, isoBase64URL.toBuffer(y)],
  ]);
  return { rpId: '', credentialId: '', publicKey: isoBase64URL.fromBuffer(isoCBOR.encode(key)) };
}
