import { type DeliveryState, deliveryStates, type Id, operator } from '@rekey/domain';
import type { Corrected, ListedDelivery, Requeued } from '@rekey/usecases';
import { Argument, type Command, Option } from 'commander';
import { json, onWire, print, printJson, table, wholeNumber, withRekey } from './common.ts';
import { idOf } from './named.ts';

const said: Record<Requeued, string> = {
  requeued: 'is due again',
  unknown: 'is not known',
  'too late': 'stays as it is: its link has expired',
  'not dead': 'stays as it is: it is not dead',
};

const saidOfCorrection: Record<Corrected, string> = {
  corrected: 'is due at the address that the account has now',
  unknown: said.unknown,
  'too late': said['too late'],
  'not dead': said['not dead'],
  'of that address alone':
    'stays as it is: it is about the address that it went to, or about no account any more',
  'same address': 'stays as it is: the account has that address still; change it first',
  'not the address': 'stays as it is: the account has another address',
};

/** The deliveries that changes owe to people. */
export function addOutbox(program: Command): void {
  const outbox = program
    .command('outbox')
    .description('look at the mails that are owed, and send dead ones again or elsewhere');

  outbox
    .command('list')
    .description('show deliveries, the latest first')
    .addOption(
      new Option('--state <state>', 'only deliveries in this state; dead: given up').choices(
        deliveryStates,
      ),
    )
    .addOption(
      new Option('--limit <number>', 'how many at most')
        .default(50)
        .argParser(wholeNumber(1, 10_000)),
    )
    .addOption(json())
    .action(async (options: { state?: DeliveryState; limit: number; json?: true }) => {
      const { state = null, limit } = options;
      const list = await withRekey(({ deliveries }) =>
        deliveries.listDeliveries.execute(operator, { state, limit }),
      );
      if (options.json) printJson({ deliveries: list.map(onWire) });
      else if (list.length === 0) print('There are none.');
      else print(...table(list.map(row), ['ID', 'KIND', 'STATE', 'TRIES', 'WHEN', 'TO', 'REASON']));
    });

  outbox
    .command('requeue')
    .description('make dead deliveries due at once, where their link has not expired')
    .addArgument(new Argument('[id...]', 'as `outbox list` shows them').argParser(collectIds))
    .option('--all-dead', 'every dead delivery')
    .addOption(json())
    .action(async (ids: Id[], options: { allDead?: true; json?: true }, command: Command) => {
      if (ids.length > 0 === (options.allDead === true)) {
        command.error('error: name dead deliveries by their ids, or all of them by --all-dead');
      }
      if (options.allDead) {
        const requeued = await withRekey(({ deliveries }) =>
          deliveries.requeueDeadDeliveries.execute(operator),
        );
        if (options.json) printJson({ requeued });
        else
          print(`${requeued} due again. Dead deliveries whose link has expired stay as they are.`);
        return;
      }
      const requeued = await withRekey(async ({ deliveries }) => {
        const outcomes: { id: Id; outcome: Requeued }[] = [];
        for (const id of ids) {
          outcomes.push({
            id,
            outcome: await deliveries.requeueDelivery.execute(operator, { id }),
          });
        }
        return outcomes;
      });
      if (options.json) printJson({ deliveries: requeued });
      else print(...requeued.map(({ id, outcome }) => `${id} ${said[outcome]}`));
      if (requeued.some(({ outcome }) => outcome !== 'requeued')) process.exitCode = 1;
    });

  outbox
    .command('correct')
    .description(
      'make a dead delivery due at the address that its account has now, and at no other one',
    )
    .addArgument(new Argument('<id>', 'as `outbox list` shows it').argParser(anId))
    .addArgument(new Argument('[address]', 'only if this is the address of the account'))
    .addOption(json())
    .action(async (id: Id, email: string | undefined, options: { json?: true }) => {
      const outcome = await withRekey(({ deliveries }) =>
        deliveries.correctDelivery.execute(operator, { id, email }),
      );
      if (options.json) printJson({ id, outcome });
      else print(`${id} ${saidOfCorrection[outcome]}`);
      if (outcome !== 'corrected') process.exitCode = 1;
    });
}

function row({ id, kind, state, attempts, dueAt, closedAt, to, reason }: ListedDelivery): string[] {
  const when = new Date(closedAt ?? dueAt).toISOString();
  return [id, kind, state, String(attempts), when, to, reason ?? ''];
}

const anId = idOf('delivery');

const collectIds = (text: string, ids: Id[] = []): Id[] => [...ids, anId(text)];
