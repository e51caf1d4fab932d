import { type Actor, parseClaimedEmail, parseEmail } from '@rekey/domain';

/**
 * The address that somebody claims as its own. A service names one that could be an account's; a person types what it
 * likes, and learns nothing from what is none. Throws `IllegalArgument`.
 */
export const claimedEmail = (actor: Actor, email: string): string =>
  (actor.kind === 'service' ? parseEmail : parseClaimedEmail)(email);

/** An address that nobody has to name. Throws `IllegalArgument`. */
export const maybeClaimedEmail = (actor: Actor, email: string | undefined): string | undefined =>
  email === undefined ? undefined : claimedEmail(actor, email);
