import { type Actor, formServiceId, type Id, Unauthorized } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { findSession } from '../shared/find-session.ts';

type Needs = Pick<Ports, 'database' | 'accessTokens' | 'clock' | 'sessionUses'>;

/** Finds out which user a bearer token stands for. */
export class AuthenticateBearer {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Throws `Unauthorized` unless the token is good, its session open, and its service, user and key are usable. */
  async execute(
    { origin }: Extract<Actor, { kind: 'nobody' }>,
    { token }: { readonly token: string },
  ): Promise<Extract<Actor, { kind: 'user' }>> {
    const { database, accessTokens, clock, sessionUses } = this.#ports;
    const session = await accessTokens.verify(token);
    if (session === null) throw new Unauthorized();
    const now = clock.now();
    const open = await database.read(async (stores) =>
      (await isEnabled(stores, session.serviceId)) ? findSession(stores, session, now) : null,
    );
    if (open === null) throw new Unauthorized();
    sessionUses.note({ id: open.session.id, at: now });
    return { kind: 'user', session, origin };
  }
}

/** The built-in service, which nearly all bearers are at, is never disabled. */
const isEnabled = async ({ services }: Pick<Stores, 'services'>, id: Id): Promise<boolean> =>
  id === formServiceId || (await services.get(id))?.isEnabled === true;
