import type { Actor, GrantKind } from '@rekey/domain';
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
  return {
    register: (actor, given) => users.confirmRegistration.execute(actor, given),
    register_known: (actor, { token }) => users.confirmRegistration.execute(actor, { token }),
    reset_password: setPassword,
    invite: setPassword,
    validate_email: (actor, { token }) =>
      users.validateEmail.execute(actor, { token, isProof: true }),
    recover: (actor, given) => recovery.confirmRecovery.execute(actor, given),
  };
}
