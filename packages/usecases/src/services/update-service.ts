import {
  type Actor,
  Forbidden,
  formServiceId,
  type GivenService,
  type Id,
  IllegalArgument,
  may,
  NotFound,
  parseService,
  type Service,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { diffOf } from '../shared/diff.ts';
import { record } from '../shared/record.ts';
import { tell } from '../shared/tell.ts';

type Needs = Pick<Ports, 'database' | 'macs' | 'clock' | 'ids'>;

export type UpdateServiceInput = GivenService & { readonly id: Id };

/** Changes the fields of a service that are given: the operator any, a service its name and texts, and itself off. */
export class UpdateService {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * Throws `NotFound` for services that are unknown, deleted or foreign, and `Forbidden` for a change that takes the
   * operator.
   */
  async execute(actor: Actor, { id, ...given }: UpdateServiceInput): Promise<Service> {
    if (!may(actor, 'read service', { serviceId: id })) throw new NotFound();
    if (!may(actor, 'change service', { serviceId: id, fields: given })) {
      throw new Forbidden('root_key_required');
    }
    const fields = parseService(given, { mayLink: actor.kind !== 'service' });
    if (id === formServiceId) checkBuiltIn(fields);

    return this.#ports.database.transact(async (stores) => {
      const service = await stores.services.lock(id);
      if (service === null) throw new NotFound();
      const changed: Service = { ...service, ...fields, updatedAt: this.#ports.clock.now() };
      const data = diffOf(service, changed);
      if (data === null) return service;
      await stores.services.update(changed);
      if (service.isEnabled && !changed.isEnabled) {
        await tell(this.#ports, stores, { type: 'service.disabled', serviceId: id, userId: null });
      }
      const entry = { type: 'sso:ServiceUpdate', serviceId: id, subjectId: id, data } as const;
      await record(this.#ports, stores, actor, entry);
      return changed;
    });
  }
}

/** All of the built-in service that settings of the server do not govern. */
const ungoverned: ReadonlySet<string> = new Set<keyof Service>(['userEmailText', 'supportUrl']);

function checkBuiltIn(fields: object): void {
  const violations = Object.keys(fields)
    .filter((field) => !ungoverned.has(field))
    .map((field) => {
      const message = 'is given by the settings of the server for the built-in service';
      return { field, message, code: 'not_allowed' } as const;
    });
  if (violations.length > 0) throw new IllegalArgument(violations);
}
