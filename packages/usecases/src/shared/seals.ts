import type { Id } from '@rekey/domain';

/** The owners of sealed texts. No text opens for another owner. */
export const sealOwners = {
  /** The answer to a request, by its id. */
  answer: (id: string) => `answer ${id}`,
  /** The verifier of a sign-in with a provider, by the digest of its state. */
  verifier: (digest: string) => `verifier of state ${digest}`,
  /** The seed of a TOTP key. */
  seed: (keyId: Id) => `seed of key ${keyId}`,
  /** The seed of a factor. */
  factor: (seedId: Id) => `seed of factor ${seedId}`,
  /** What goes on with a second factor, by the digest of the challenge. */
  challenge: (digest: string) => `challenge ${digest}`,
  /** A secret of a webhook. */
  webhook: (webhookId: Id) => `secret of webhook ${webhookId}`,
  /** The hash of the password of a user. */
  password: (userId: Id) => `password of user ${userId}`,
  /** The quality of the password of a user, in one version of the credential. */
  quality: (userId: Id, version: number) => `quality of user ${userId}, version ${version}`,
};
