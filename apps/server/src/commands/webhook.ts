import {
  type Id,
  NotFound,
  operator,
  parseEventTypes,
  parseInstant,
  parseWebhookUrl,
  type Webhook,
  type WebhookDelivery,
} from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';
import { Argument, type Command, Option } from 'commander';
import {
  checked,
  confirmed,
  json,
  onWire,
  print,
  printJson,
  table,
  wholeNumber,
  withRekey,
  yes,
} from './common.ts';
import { idOf, serviceNamed } from './named.ts';

type Common = { readonly json?: true };

const named = () => new Argument('<id>', 'as `webhook list` shows it').argParser(idOf('webhook'));
const limit = () =>
  new Option('--limit <number>', 'how many at most').default(50).argParser(wholeNumber(1, 1000));
const moment = (text: string) => parseInstant(text, 'moment');
const HINT = 'The secret is shown only now. Keep it where you keep passwords.';

/** The addresses of services that are called with events. */
export function addWebhook(program: Command): void {
  const webhook = program
    .command('webhook')
    .description('look at the webhooks of services, and test and replay them');

  webhook
    .command('list')
    .description('show webhooks, the oldest first')
    .addOption(
      new Option('--service <id>', 'only those of that service').argParser(idOf('service')),
    )
    .addOption(limit())
    .addOption(json())
    .action(async (options: Common & { service?: Id; limit: number }) => {
      const found = await withRekey((useCases) => list(useCases, options));
      if (options.json) printJson({ webhooks: found.map(onWire) });
      else if (found.length === 0) print('There are none.');
      else print(...table(found.map(row), ['ID', 'SERVICE', 'STATE', 'TYPES', 'URL']));
    });

  webhook
    .command('create')
    .description('register a webhook of a service, and show its secret')
    .addArgument(new Argument('<service>', 'its id').argParser(idOf('service')))
    .addArgument(new Argument('<url>', 'where to: https').argParser(checked(parseWebhookUrl)))
    .option('--type <type...>', 'only events of these types')
    .addOption(json())
    .action(async (serviceId: Id, url: string, options: Common & { type?: string[] }) => {
      const types = options.type;
      if (types) checked(() => parseEventTypes(types))('');
      const { webhook: made, secret } = await withRekey(async (useCases) => {
        await serviceNamed(useCases, serviceId);
        return useCases.webhooks.createWebhook.execute(operator, { serviceId, url, types });
      });
      if (options.json) printJson({ webhook: onWire(made), secret });
      else print(`${made.id} is called from now on.`, '', `  secret  ${secret}`, '', HINT);
    });

  webhook
    .command('rotate')
    .description('give a webhook another secret; the one until now signs as well for a day')
    .addArgument(named())
    .addOption(json())
    .action(async (id: Id, options: Common) => {
      const { webhook: rotated, secret } = await of(id, ({ webhooks }) =>
        webhooks.rotateWebhook.execute(operator, { id }),
      );
      if (options.json) printJson({ webhook: onWire(rotated), secret });
      else print(`${id} has another secret.`, '', `  secret  ${secret}`, '', HINT);
    });

  for (const [verb, isEnabled, what, told] of [
    ['enable', true, 'call a webhook again, with all that it missed', 'is called'],
    ['disable', false, 'do not call a webhook', 'is not called'],
  ] as const) {
    webhook
      .command(verb)
      .description(what)
      .addArgument(named())
      .addOption(json())
      .action(async (id: Id, options: Common) => {
        const changed = await of(id, ({ webhooks }) =>
          webhooks.updateWebhook.execute(operator, { id, isEnabled }),
        );
        if (options.json) printJson({ webhook: onWire(changed) });
        else print(`${id} ${told}.`);
      });
  }

  webhook
    .command('delete')
    .description('delete a webhook, and what became of its events')
    .addArgument(named())
    .addOption(yes())
    .addOption(json())
    .action(async (id: Id, options: Common & { yes?: true }) => {
      await confirmed(`Delete the webhook ${id}?`, options);
      await of(id, ({ webhooks }) => webhooks.deleteWebhook.execute(operator, { id }));
      if (options.json) printJson({ id });
      else print(`${id} is deleted.`);
    });

  webhook
    .command('test')
    .description('call a webhook with a test, and show what was answered')
    .addArgument(named())
    .addOption(json())
    .action(async (id: Id, options: Common) => {
      const answer = await of(id, ({ webhooks }) => webhooks.testWebhook.execute(operator, { id }));
      const { failure: error, status, durationMs } = answer;
      if (options.json)
        printJson(onWire({ isDelivered: error === null, error, status, durationMs }));
      else print(`${error ?? 'delivered'}, status ${status ?? '-'}, ${durationMs} ms`);
      if (error !== null) process.exitCode = 1;
    });

  webhook
    .command('replay')
    .description('call a webhook again with the events of a while')
    .addArgument(named())
    .addArgument(new Argument('<from>', 'RFC 3339').argParser(checked(moment)))
    .addArgument(new Argument('<to>', 'RFC 3339, included').argParser(checked(moment)))
    .addOption(json())
    .action(async (id: Id, from: string, to: string, options: Common) => {
      await of(id, ({ webhooks }) => webhooks.replayWebhook.execute(operator, { id, from, to }));
      if (options.json) printJson({ id, from, to });
      else print(`${id} is called again with what happened then.`);
    });

  webhook
    .command('deliveries')
    .description('show what became of the events of a webhook, the oldest first')
    .addArgument(named())
    .addOption(new Option('--state <state>', 'only these').choices(['waiting', 'delivered']))
    .addOption(limit())
    .addOption(json())
    .action(
      async (id: Id, options: Common & { state?: WebhookDelivery['state']; limit: number }) => {
        const { state = null } = options;
        const page = { limit: options.limit };
        const found = await of(id, ({ webhooks }) =>
          webhooks.listWebhookDeliveries.execute(operator, { id, state, page }),
        );
        if (options.json) printJson({ deliveries: found.map(deliveryOut) });
        else if (found.length === 0) print('There are none.');
        else
          print(
            ...table(found.map(deliveryRow), [
              'EVENT',
              'TYPE',
              'STATE',
              'TRIES',
              'STATUS',
              'ERROR',
            ]),
          );
      },
    );
}

async function list(
  useCases: UseCases,
  { service, limit }: { readonly service?: Id; readonly limit: number },
) {
  if (service !== undefined) await serviceNamed(useCases, service);
  const serviceIds = service === undefined ? undefined : [service];
  return useCases.webhooks.listWebhooks.execute(operator, { serviceIds, page: { limit } });
}

/** Does something with a webhook that is named by its id. */
const of = <T>(id: Id, work: Parameters<typeof withRekey<T>>[0]): Promise<T> =>
  withRekey(work).catch((error: unknown) => {
    throw error instanceof NotFound ? new Error(`there is no webhook ${id}`) : error;
  });

function row({ id, serviceId, isEnabled, types, url }: Webhook): string[] {
  return [id, serviceId, isEnabled ? 'enabled' : 'disabled', types.join(',') || 'all', url];
}

function deliveryRow({ id, type, state, attempts, last }: WebhookDelivery): string[] {
  const { status = null, failure = null } = last ?? {};
  return [id, type, state, String(attempts), status === null ? '-' : String(status), failure ?? ''];
}

function deliveryOut({ last, ...delivery }: WebhookDelivery): object {
  const { failure: error = null, status = null, durationMs = null } = last ?? {};
  return onWire({ ...delivery, error, status, durationMs });
}
