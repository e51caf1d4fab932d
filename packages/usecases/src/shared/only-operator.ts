import { type Actor, may, Unauthorized } from '@rekey/domain';

/** Throws `Unauthorized` for everybody but the operator at the command line and the server itself. */
export function onlyOperator(actor: Actor): void {
  if (!may(actor, 'operate', null)) throw new Unauthorized();
}
