import { type MailState, mailStates, type OutboxMail, type Requeued } from '@rekey/usecases';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { json, onWire, print, printJson, table, withRekey } from './common.ts';

const MAX_LIMIT = 10_000;

const said: Record<Requeued, string> = {
  requeued: 'is due again',
  unknown: 'is not known',
  'link expired': 'stays as it is: its link has expired',
  'not dead': 'stays as it is: it is no dead letter',
};

/** The mails that changes of passwords owe. */
export function addOutbox(program: Command): void {
  const outbox = program
    .command('outbox')
    .description('look at the mails that password changes owe, and send dead letters again');

  outbox
    .command('list')
    .description('show mails, those of the latest changes first')
    .addOption(
      new Option('--state <state>', 'only mails in this state; dead: given up').choices(mailStates),
    )
    .addOption(new Option('--limit <number>', 'how many at most').default(50).argParser(parseLimit))
    .addOption(json())
    .action(async (options: { state?: MailState; limit: number; json?: true }) => {
      const { state = null, limit } = options;
      const mails = await withRekey((rekey) => rekey.listMails.execute({ state, limit }));
      if (options.json) printJson({ mails: mails.map(onWire) });
      else if (mails.length === 0) print('There are none.');
      else print(...table(mails.map(row), ['ID', 'STATE', 'TRIES', 'WHEN', 'TO', 'REASON']));
    });

  outbox
    .command('requeue')
    .description('make dead letters due again at once, where their link has not expired')
    .addArgument(new Argument('[id...]', 'as `outbox list` shows them').argParser(collectIds))
    .option('--all-dead', 'every dead letter')
    .addOption(json())
    .action(async (ids: string[], options: { allDead?: true; json?: true }, command: Command) => {
      if (ids.length > 0 === (options.allDead === true)) {
        command.error('error: name dead letters by their ids, or all of them by --all-dead');
      }
      if (options.allDead) {
        const requeued = await withRekey((rekey) => rekey.requeueDeadMails.execute());
        if (options.json) printJson({ requeued });
        else print(`${requeued} due again. Dead letters whose link has expired stay as they are.`);
        return;
      }
      const mails = await withRekey(async (rekey) => {
        const outcomes: { changeId: string; outcome: Requeued }[] = [];
        for (const changeId of ids) {
          outcomes.push({ changeId, outcome: await rekey.requeueMail.execute(changeId) });
        }
        return outcomes;
      });
      if (options.json) printJson({ mails: mails.map(onWire) });
      else print(...mails.map(({ changeId, outcome }) => `${changeId} ${said[outcome]}`));
      if (mails.some(({ outcome }) => outcome !== 'requeued')) process.exitCode = 1;
    });
}

function row({ changeId, state, attempts, dueAt, closedAt, email, reason }: OutboxMail): string[] {
  const when = new Date(closedAt ?? dueAt).toISOString();
  return [changeId, state, String(attempts), when, email, reason ?? ''];
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,5}$/.test(text) || limit < 1 || limit > MAX_LIMIT) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_LIMIT}.`);
  }
  return limit;
}

function collectIds(text: string, ids: string[] = []): string[] {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) {
    throw new InvalidArgumentError('It must be the id of a mail.');
  }
  return [...ids, text];
}
