import {
  type Actor,
  Forbidden,
  formServiceId,
  type Id,
  IllegalArgument,
  may,
  NotFound,
  remainsOf,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

/** Deletes a service with its keys, once no user has a key of it. Links that it mailed go on working at Rekey's page. */
export class DeleteService {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for services that are unknown, deleted or foreign, `Forbidden` for a service that would delete
   * itself, and `IllegalArgument` while it cannot be.
   */
  async execute(actor: Actor, { id }: { readonly id: Id }): Promise<void> {
    if (!may(actor, 'read service', { serviceId: id })) throw new NotFound();
    if (!may(actor, 'administer services', null)) throw new Forbidden('root_key_required');
    if (id === formServiceId)
      throw refused('is that of the built-in service, which cannot be deleted');

    await this.#ports.database.transact(async (stores) => {
      const { services } = stores;
      const service = await services.lock(id);
      if (service === null) throw new NotFound();
      if (await services.hasUserKeys(id)) {
        throw refused('is that of a service of which users have keys: revoke them first');
      }
      const now = this.#ports.clock.now();
      await stores.webhooks.deleteAllOf(id, now);
      await services.delete(remainsOf(service, now));
      await tell(this.#ports, stores, { type: 'service.deleted', serviceId: id, userId: null });
      const entry = { type: 'sso:ServiceDelete', serviceId: id, subjectId: id } as const;
      await record(this.#ports, stores, actor, entry);
    });
  }
}

const refused = (message: string) =>
  new IllegalArgument([{ field: 'id', message, code: 'not_allowed' }]);
