import {
  type Actor,
  formServiceName,
  IllegalArgument,
  type Key,
  parseAll,
  parseMailText,
  parseName,
  parseUrl,
  type Service,
  serviceDefaults,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { beginChain } from '../shared/begin-chain.ts';
import { newKey } from '../shared/new-key.ts';
import { onlyOperator } from '../shared/only-operator.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

type CreateServiceWithKeyInput = {
  readonly name: string;
  readonly url: string;
  readonly providerLocalUrl?: string | undefined;
  readonly userAllowRegister?: boolean | undefined;
  readonly userEmailText?: string | undefined;
};

/** Registers a service and hands out the key that it authenticates with, once. */
export class CreateServiceWithKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(
    actor: Actor,
    input: CreateServiceWithKeyInput,
  ): Promise<{ service: Service; key: Key; value: string }> {
    onlyOperator(actor);
    const { database, secrets, clock, ids } = this.#ports;
    const { providerLocalUrl: page, userEmailText: text, userAllowRegister = false } = input;
    const parsed = parseAll({
      name: () => parseServiceName(input.name),
      url: () => parseUrl(input.url),
      providerLocalUrl: () => (page === undefined ? null : parseUrl(page, 'providerLocalUrl')),
      userEmailText: () => (text === undefined ? '' : parseMailText(text, 'userEmailText')),
    });

    const now = clock.now();
    const stamps = { id: ids.next(), createdAt: now, updatedAt: now };
    const service = { ...stamps, ...serviceDefaults, userAllowRegister, ...parsed };
    const value = secrets.generate('rks_');
    const key = newKey(this.#ports, {
      type: 'KEY',
      name: service.name,
      serviceId: service.id,
      userId: null,
    });

    await database.transact(async (stores) => {
      await stores.services.insert(service);
      await stores.keys.insert(key, { digest: secrets.digest(value) });
      const chain = { serviceId: service.id, subjectId: key.id };
      await beginChain(this.#ports, stores, actor, chain);
    });
    return { service, key, value };
  }
}

function parseServiceName(text: string): string {
  const name = parseName(text);
  if (name === formServiceName) {
    const message = 'is the name of the built-in service';
    throw new IllegalArgument([{ field: 'name', message, code: 'exists' }]);
  }
  return name;
}
