import { type Actor, type Id, type IdPage, may, type Session } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';

type Needs = Pick<Ports, 'database' | 'clock'>;

type ListSessionsInput = {
  /** Only sessions of these users. */
  readonly userIds?: readonly Id[] | undefined;
  /** Only sessions at that service. */
  readonly serviceId?: Id | undefined;
  readonly page: IdPage;
};

/** Lists the sessions that are open: a service sees its own, a user its own at the service, the operator all. */
export class ListSessions {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Sessions that the actor may not see are left out, whatever is asked for. */
  async execute(actor: Actor, { page, ...asked }: ListSessionsInput): Promise<Session[]> {
    const { database, clock } = this.#ports;
    const filter = { ...asked, ...ownOf(actor) };
    const found = await database.read(({ sessions }) => sessions.list(filter, page, clock.now()));
    return found.filter((session) => may(actor, 'see session', session));
  }
}

/** What an actor sees of all sessions. */
function ownOf(actor: Actor): { serviceId?: Id; userIds?: readonly Id[] } {
  if (actor.kind === 'service') return { serviceId: actor.service.id };
  if (actor.kind !== 'user') return {};
  const { serviceId, userId } = actor.session;
  return { serviceId, userIds: [userId] };
}
