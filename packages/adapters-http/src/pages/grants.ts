import { type Actor, type GrantKind, InvalidOneTimeToken } from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';

type Grant = (
  actor: Actor,
  given: { readonly token: string; readonly password: string },
) => Promise<unknown>;

/** What the links do that give something. */
export function grantsOf({
  passwords,
  recovery,
  users,
}: UseCases): Readonly<Record<GrantKind, Grant>> {
  const setPassword: Grant = (actor, given) => passwords.confirmReset.execute(actor, given);
  // PLACEHOLDER: until the use cases are there.
  const notYet: Grant = () => Promise.reject(new InvalidOneTimeToken());
  return {
    register: notYet,
    register_known: notYet,
    validate_email: (actor, { token }) =>
      users.validateEmail.execute(actor, { token, isProof: true }),
    reset_password: setPassword,
    invite: setPassword,
    recover: (actor, given) => recovery.confirmRecovery.execute(actor, given),
  };
}
