import {
  IllegalArgument,
  type Key,
  parseAll,
  parseMailText,
  parseName,
  parseUrl,
  type Service,
} from '@rekey/domain';
import { newKey } from './new-key.ts';
import { formServiceName } from './open-form-service.ts';
import type { Ports } from './ports.ts';
import { record } from './record.ts';

type Needs = Pick<Ports, 'database' | 'secrets' | 'macs' | 'clock' | 'ids'>;

export type CreateServiceWithKeyInput = {
  readonly name: string;
  readonly url: string;
  readonly localUrl?: string | undefined;
  readonly allowRegister?: boolean | undefined;
  readonly emailText?: string | undefined;
};

/** Registers a service and hands out the key that it authenticates with, once. */
export class CreateServiceWithKey {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(
    input: CreateServiceWithKeyInput,
  ): Promise<{ service: Service; key: Key; value: string }> {
    const { database, secrets, clock, ids } = this.#ports;
    const { localUrl, emailText, allowRegister = true } = input;
    const parsed = parseAll({
      name: () => parseServiceName(input.name),
      url: () => parseUrl(input.url),
      localUrl: () => (localUrl === undefined ? null : parseUrl(localUrl, 'localUrl')),
      emailText: () => (emailText === undefined ? null : parseMailText(emailText, 'emailText')),
    });

    const now = clock.now();
    const service = { id: ids.next(), createdAt: now, updatedAt: now, allowRegister, ...parsed };
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
      const of = { serviceId: service.id, subjectId: key.id };
      await record(this.#ports, stores, { action: 'service_create', ...of });
    });
    return { service, key, value };
  }
}

function parseServiceName(text: string): string {
  const name = parseName(text);
  if (name === formServiceName) {
    throw new IllegalArgument([{ field: 'name', message: 'is the name of the built-in service' }]);
  }
  return name;
}
