import { type Id, NotFound, operator, type Session } from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';
import { Argument, type Command, Option } from 'commander';
import {
  confirmed,
  json,
  onWire,
  print,
  printJson,
  table,
  WrongUsage,
  wholeNumber,
  withRekey,
  yes,
} from './common.ts';
import { idOf, serviceNamed, userName, userNamed } from './named.ts';

const user = () =>
  new Option('--user <user>', 'of that user: e-mail address or id').argParser(userName);
const service = () => new Option('--service <id>', 'at that service').argParser(idOf('service'));

type ListOptions = {
  readonly user?: string;
  readonly service?: Id;
  readonly limit: number;
  readonly json?: true;
};
type EndOptions = {
  readonly all?: true;
  readonly user?: string;
  readonly service?: Id;
  readonly yes?: true;
  readonly json?: true;
};

/** The logins that are open. */
export function addSession(program: Command): void {
  const session = program
    .command('session')
    .description('look at logins that are open, and end them');

  session
    .command('list')
    .description('show the sessions that are open, the oldest first')
    .addOption(user())
    .addOption(service())
    .addOption(
      new Option('--limit <number>', 'how many at most')
        .default(50)
        .argParser(wholeNumber(1, 10_000)),
    )
    .addOption(json())
    .action(async (options: ListOptions) => {
      const found = await withRekey((useCases) => list(useCases, options));
      if (options.json) printJson({ sessions: found.map(sessionOut) });
      else if (found.length === 0) print('There are none.');
      else print(...table(found.map(row), ['ID', 'USER', 'SERVICE', 'OPENED', 'USED', 'REMOTE']));
    });

  session
    .command('end')
    .description('log a user out of a session, or of all of them; or everybody')
    .addArgument(new Argument('[id]', 'as `session list` shows it').argParser(idOf('session')))
    .option('--all', 'every session: of the user, at the service, or of everybody')
    .addOption(user())
    .addOption(service())
    .addOption(yes())
    .addOption(json())
    .action(async (id: Id | undefined, options: EndOptions) => {
      const { all, user, service } = options;
      const isOne = id !== undefined && !all && user === undefined && service === undefined;
      const isAll = id === undefined && all;
      if (!isOne && !isAll) throw new WrongUsage('name a session by its id, or --all of a --user');
      if (isAll && user === undefined) {
        const where = service === undefined ? '' : ' at that service';
        await confirmed(`Log everybody out${where}?`, options);
      }
      const ended = await withRekey((useCases) => end(useCases, id, options));
      if (options.json) printJson({ ended });
      else print(ended === 1 ? '1 session is over.' : `${ended} sessions are over.`);
    });
}

async function list(useCases: UseCases, { user, service, limit }: ListOptions): Promise<Session[]> {
  if (service !== undefined) await serviceNamed(useCases, service);
  const userIds = user === undefined ? undefined : [(await userNamed(useCases, user)).id];
  const { listSessions } = useCases.sessions;
  return listSessions.execute(operator, { userIds, serviceId: service, page: { limit } });
}

async function end(
  useCases: UseCases,
  id: Id | undefined,
  { user, service }: EndOptions,
): Promise<number> {
  const { endSession, endAllSessions } = useCases.sessions;
  if (id !== undefined) {
    await endSession.execute(operator, { id }).catch((error: unknown) => {
      throw error instanceof NotFound ? new Error(`no session ${id} is open`) : error;
    });
    return 1;
  }
  if (service !== undefined) await serviceNamed(useCases, service);
  if (user === undefined) return endEverybodys(useCases, service);
  const { id: userId } = await userNamed(useCases, user);
  return endAllSessions.execute(operator, { userId, serviceId: service });
}

/** Ends the sessions that were open when it began, user by user; people may log in again meanwhile. */
async function endEverybodys({ sessions }: UseCases, serviceId: Id | undefined): Promise<number> {
  const began = Date.now();
  for (let ended = 0; ; ) {
    const page = { limit: 1000 };
    const open = await sessions.listSessions.execute(operator, { serviceId, page });
    const userIds = new Set(open.filter(({ createdAt }) => createdAt <= began).map(ofUser));
    if (userIds.size === 0) return ended;
    for (const userId of userIds) {
      ended += await sessions.endAllSessions.execute(operator, { userId, serviceId });
    }
  }
}

const ofUser = ({ userId }: Session): Id => userId;

/** With the names that `/v1/session` has for it. */
const sessionOut = ({ origin, authenticatedAt: _, ...session }: Session) => ({
  ...onWire(session),
  remote: origin.address,
  user_agent: origin.client,
});

function row({ id, userId, serviceId, createdAt, lastUsedAt, origin }: Session): string[] {
  const [opened = '', used = ''] = [createdAt, lastUsedAt].map((at) => new Date(at).toISOString());
  return [id, userId, serviceId, opened, used, origin.address];
}
