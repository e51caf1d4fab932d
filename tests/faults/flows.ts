import { randomBytes } from 'node:crypto';
import { hasLink, type NoticeKind } from '../../packages/domain/src/index.ts';
import { createService, image, type Server, spawnServer } from '../harness.ts';
import { type Answer, aMoment, type Client, type Sent, somewhere, type World } from './world.ts';

const LOCAL = '/v1/auth/provider/local';

/** Somebody who goes through a flow. */
export type Walker = {
  readonly flow: FlowName;
  /** The address, and the one that it is changed to. */
  readonly emails: readonly [string, string];
  /** Where the person is, and where a stranger would be. */
  readonly home: string;
  readonly elsewhere: string;
  /** Makes a password of the person's own. */
  password(name: string): string;
  /** Ids by which the database knows the person, as far as they were seen. */
  readonly ids: Set<string>;
  /** Of the user, once there is one. */
  id: string;
  /** Of the session. */
  token: string;
  /** How many steps are taken. */
  taken: number;
  /** Whether the next one was asked for, without an answer so far. */
  isAsking: boolean;
  /** Whether a dead server turned out to have done it. */
  isFound: boolean;
};

/** The keys of two services, which let people register. */
export type Services = { readonly shop: string; readonly club: string };

type Asking = {
  readonly walker: Walker;
  readonly services: Services;
  /** The token in the mail that the step follows the link of. */
  readonly token: string;
  request(method: string, route: string, sent: Sent): Promise<Answer>;
  /** Runs the command line. */
  command(args: string[]): Promise<Answer>;
};

export type Step = {
  readonly what: string;
  /** The mails that it owes: of which kind, and to which of the two addresses. */
  readonly owes: Readonly<Partial<Record<NoticeKind, 0 | 1>>>;
  /** The kind of the mail whose link it follows. */
  readonly link?: NoticeKind;
  /** Whether the link is spent by it. */
  readonly spends: boolean;
  /** Whether it takes an `Idempotency-Key`, so that it can be asked for again when it may have been done. */
  readonly isRepeatable: boolean;
  ask(of: Asking): Promise<Answer>;
};

type Rules = Partial<Omit<Step, 'what' | 'ask'>>;

const step = (what: string, ask: Step['ask'], rules: Rules = {}): Step => ({
  what,
  owes: {},
  spends: rules.link !== undefined,
  isRepeatable: true,
  ...rules,
  ask,
});

/** A call of the JSON dialect by the shop. */
const v1 = (
  what: string,
  route: string | ((walker: Walker) => string),
  body: (walker: Walker, token: string) => object,
  rules?: Rules,
  service: keyof Services = 'shop',
): Step =>
  step(
    what,
    ({ walker, services, token, request }) =>
      request('POST', typeof route === 'string' ? route : route(walker), {
        json: body(walker, token),
        headers: { authorization: services[service] },
      }),
    rules,
  );

/** A call of the form dialect, with the session of the person if there is one. */
const form = (
  what: string,
  method: string,
  route: string,
  fields: (walker: Walker, token: string) => Record<string, string>,
  rules?: Rules,
): Step =>
  step(
    what,
    ({ walker, token, request }) => {
      const headers = walker.token === '' ? {} : { authorization: `Bearer ${walker.token}` };
      return request(method, route, { form: fields(walker, token), headers });
    },
    rules,
  );

/** A button of a page that Rekey hosts, which follows the link of a mail. */
const page = (
  what: string,
  link: NoticeKind,
  fields: (walker: Walker) => Record<string, string>,
  rules?: Rules,
  route = '/local',
): Step =>
  step(
    what,
    ({ walker, token, request }) => request('POST', route, { form: { token, ...fields(walker) } }),
    { link, isRepeatable: false, ...rules },
  );

const person = ({ emails: [email] }: Walker) => ({ name: 'Ada', email });
const withPassword = (walker: Walker) => ({
  ...person(walker),
  password: walker.password('first'),
});

const toFirst = <Kind extends NoticeKind>(kind: Kind) => ({ owes: { [kind]: 0 } }) as Rules;

const createUser = v1('a service makes the account', '/v1/user', (walker) => ({
  ...withPassword(walker),
  token_key: true,
}));
const logIn = (password: string) =>
  v1('log in', `${LOCAL}/login`, (walker) => ({
    email: walker.emails[0],
    password: walker.password(password),
  }));
const setPassword = (name: string) => (walker: Walker, token: string) => ({
  token,
  password: walker.password(name),
});
const tokenAlone = (_walker: Walker, token: string) => ({ token });
const recoverByCall = v1(
  'the service asks for the way back',
  ({ id }) => `/v1/user/${id}/recover`,
  () => ({}),
  toFirst('recover'),
);
const recoverByCommand = step(
  'the operator asks for the way back',
  ({ walker, command }) => command(['user', 'recover', walker.id]),
  { ...toFirst('recover'), isRepeatable: false },
);
const recoverByOwner = (link: NoticeKind) =>
  page(
    'the owner asks for the way back',
    link,
    () => ({}),
    { ...toFirst('recover'), spends: false },
    '/local/recover',
  );
const takeBack = (password: string) =>
  v1('take the account back', `${LOCAL}/recover/confirm`, setPassword(password), {
    link: 'recover',
    ...toFirst('reset_password_confirm'),
  });
const lockByPage = (link: NoticeKind) => page('lock by the page', link, () => ({}));

const signUp = form('sign up', 'POST', '/users/create', withPassword, toFirst('validate_email'));
const prove = form(
  'prove the address',
  'POST',
  '/users/validateEmail',
  ({ emails: [email] }, code) => ({ email, code }),
  { link: 'validate_email', spends: false },
);
const signIn = (password = 'first') =>
  form('sign in', 'POST', '/users/login', (walker) => ({
    email: walker.emails[0],
    password: walker.password(password),
  }));

/** Everything that is mailed, each as somebody goes through it. */
export const flows = {
  'registration at two services, and the way back by a call': [
    v1('ask to register', `${LOCAL}/register`, person, toFirst('register')),
    v1('register', `${LOCAL}/register/confirm`, setPassword('first'), {
      link: 'register',
      ...toFirst('register_confirm'),
    }),
    logIn('first'),
    v1(
      'change the password',
      `${LOCAL}/update-password`,
      (walker) => ({
        email: walker.emails[0],
        password: walker.password('first'),
        new_password: walker.password('second'),
      }),
      toFirst('update_password'),
    ),
    v1('ask to register elsewhere', `${LOCAL}/register`, person, toFirst('register_known'), 'club'),
    v1(
      'join elsewhere',
      `${LOCAL}/register/confirm`,
      tokenAlone,
      { link: 'register_known' },
      'club',
    ),
    v1('lock', `${LOCAL}/register/revoke`, tokenAlone, { link: 'register_confirm' }),
    recoverByCall,
    takeBack('third'),
    logIn('third'),
  ],
  'reset, and the way back by a command': [
    createUser,
    v1(
      'ask for a reset',
      `${LOCAL}/reset-password`,
      ({ emails: [email] }) => ({ email }),
      toFirst('reset_password'),
    ),
    v1('reset', `${LOCAL}/reset-password/confirm`, setPassword('second'), {
      link: 'reset_password',
      ...toFirst('reset_password_confirm'),
    }),
    logIn('second'),
    v1('lock', `${LOCAL}/reset-password/revoke`, tokenAlone, { link: 'reset_password_confirm' }),
    recoverByCommand,
    takeBack('third'),
    logIn('third'),
  ],
  'invitation, another address, and the way back by the owner': [
    v1(
      'invite',
      '/v1/user',
      (walker) => ({ ...person(walker), token_key: true, invite: true }),
      toFirst('invite'),
    ),
    v1('choose a password', `${LOCAL}/reset-password/confirm`, setPassword('first'), {
      link: 'invite',
      ...toFirst('reset_password_confirm'),
    }),
    v1(
      'change the address',
      `${LOCAL}/update-email`,
      ({ emails: [email, new_email], password }) => ({
        email,
        password: password('first'),
        new_email,
      }),
      { owes: { update_email: 0, validate_email: 1 } },
    ),
    v1('prove the new address', `${LOCAL}/validate-email/confirm`, tokenAlone, {
      link: 'validate_email',
      spends: false,
    }),
    v1('lock', `${LOCAL}/update-email/revoke`, tokenAlone, { link: 'update_email' }),
    recoverByOwner('update_email'),
    takeBack('second'),
    logIn('second'),
  ],
  'a key that is made, and the account that is deleted by its service': [
    createUser,
    v1(
      'make a key',
      '/v1/key',
      ({ id: user_id }) => ({ type: 'KEY', name: 'web', user_id }),
      toFirst('factor_change'),
    ),
    v1('lock', `${LOCAL}/update-password/revoke`, tokenAlone, { link: 'factor_change' }),
    step('delete the account', ({ walker: { id }, services, request }) =>
      request('DELETE', `/v1/user/${id}`, { headers: { authorization: services.shop } }),
    ),
  ],
  'forms: another address, and the way back by the owner': [
    signUp,
    prove,
    signIn(),
    form(
      'change the address',
      'PUT',
      '/users/update/email',
      ({ emails: [email, newEmail] }) => ({ email, newEmail }),
      { owes: { update_email: 0, validate_email: 1 } },
    ),
    form(
      'change the password',
      'PUT',
      '/users/update',
      ({ emails: [, email], password }) => ({
        email,
        password: password('first'),
        newPassword: password('second'),
      }),
      { owes: { update_password: 1 } },
    ),
    lockByPage('update_email'),
    recoverByOwner('update_email'),
    page(
      'take the account back',
      'recover',
      ({ password }) => ({ password: password('third') }),
      toFirst('reset_password_confirm'),
    ),
    signIn('third'),
  ],
  'forms: name, address and password at once, and the way back by a command': [
    signUp,
    prove,
    signIn(),
    form(
      'change all at once',
      'PUT',
      '/users/update',
      ({ emails: [email, newEmail], password }) => ({
        email,
        newEmail,
        name: 'Bea',
        password: password('first'),
        newPassword: password('second'),
      }),
      { owes: { update_email: 0, update_password: 0, validate_email: 1 } },
    ),
    lockByPage('update_password'),
    recoverByCommand,
    page(
      'take the account back',
      'recover',
      ({ password }) => ({ password: password('third') }),
      toFirst('reset_password_confirm'),
    ),
  ],
  'forms: a forgotten password': [
    signUp,
    form(
      'ask for a reset',
      'POST',
      '/users/recoverPassword',
      ({ emails: [email] }) => ({ email }),
      toFirst('reset_password'),
    ),
    form(
      'reset',
      'POST',
      '/users/recoverPassword/confirm',
      ({ password }, token) => ({ token, newPassword: password('second') }),
      { link: 'reset_password', ...toFirst('reset_password_confirm') },
    ),
    signIn('second'),
    form(
      'change the password',
      'PUT',
      '/users/update/password',
      ({ emails: [email], password }) => ({
        email,
        password: password('second'),
        newPassword: password('third'),
      }),
      toFirst('update_password'),
    ),
    lockByPage('reset_password_confirm'),
  ],
  'forms: a deletion': [
    signUp,
    signIn(),
    form('delete the account', 'POST', '/users/delete', withPassword, {
      ...toFirst('account_deleted'),
      // It ends the session that asks.
      isRepeatable: false,
    }),
  ],
  'forms: an account that its owner did not make': [
    signUp,
    page('lock by the page', 'validate_email', () => ({ act: 'lock' })),
    recoverByCommand,
  ],
  'forms: a login from anywhere new': [
    signUp,
    signIn(),
    step(
      'sign in elsewhere',
      ({ walker: { emails, password, elsewhere }, request }) =>
        request('POST', '/users/login', {
          form: { email: emails[0], password: password('first') },
          home: elsewhere,
        }),
      toFirst('new_device'),
    ),
    lockByPage('new_device'),
  ],
} satisfies Record<string, Step[]>;

export type FlowName = keyof typeof flows;
export const flowNames = Object.keys(flows) as FlowName[];
export const stepsOf = ({ flow }: Pick<Walker, 'flow'>): readonly Step[] => flows[flow];

export function aWalker(flow: FlowName): Walker {
  const id = randomBytes(6).toString('hex');
  return {
    flow,
    // A domain of its own: none waits for a lane of mail.
    emails: [`ada@${id}.example`, `new@${id}.example`],
    home: somewhere(),
    elsewhere: somewhere(),
    password: (name) => `${name} ${id}`,
    ids: new Set(),
    id: '',
    token: '',
    taken: 0,
    isAsking: false,
    isFound: false,
  };
}

/** A mail as it is expected: its purpose, and where it goes. */
export type Expected = { readonly purpose: string; readonly to: string };

/** The purpose of the link of a kind; `news` where there is none. */
export const purposeOf = (kind: NoticeKind): string => {
  if (kind === 'register_known') return 'register';
  return hasLink(kind) ? kind : 'news';
};

/** The mails that those of the steps owe, in their order. */
export const mailsOf = (walker: Walker, steps: readonly Step[]): Expected[] =>
  steps.flatMap(({ owes }) =>
    Object.entries(owes).map(([kind, which]) => ({
      purpose: purposeOf(kind as NoticeKind),
      to: walker.emails[which],
    })),
  );

/** A server that people go to, until it dies. */
export type Life = {
  readonly world: World;
  readonly server: Server;
  readonly services: Services;
  isOver: boolean;
  /** Ends the commands under way together with the server. */
  readonly commands: Set<{ signal(name: NodeJS.Signals): void }>;
};

/** Two services for the people to go to. */
export async function servicesIn({ folder, env }: World): Promise<Services> {
  const open = ['--allow-register', 'true', '--owner-recovery', 'true'];
  const aService = async () => (await createService(folder, open, env)).key.value;
  return { shop: await aService(), club: await aService() };
}

export const aLife = (world: World, services: Services, server: Server): Life => ({
  world,
  services,
  server,
  isOver: false,
  commands: new Set(),
});

/** What a walk ends with when the server dies: the connection broke, or there was none any more. */
export const isDeath = (error: unknown): boolean =>
  error === DEATH || /^ECONN|^EPIPE/.test(String((error as NodeJS.ErrnoException)?.code));
const DEATH = new Error('the server was killed');

/** The token of the latest mail that the steps before this one owe, of that purpose, when it is there. */
async function tokenFor(life: Life, walker: Walker, at: number): Promise<string> {
  const steps = stepsOf(walker);
  const { link } = steps[at] as Step;
  if (link === undefined) return '';
  const owed = mailsOf(walker, steps.slice(0, at)).filter(
    ({ purpose }) => purpose === purposeOf(link),
  );
  for (;;) {
    const found = walker.emails
      .flatMap((email) => life.world.smtp.mailsTo(email))
      .filter(({ purpose }) => purpose === purposeOf(link));
    // Ids of mails are in the order in which they are owed.
    const ids = [...new Set(found.map(({ messageId }) => messageId))].toSorted();
    const last = found.find(({ messageId }) => messageId === ids[owed.length - 1]);
    if (last) return last.token;
    if (life.isOver) throw DEATH;
    await aMoment(50);
  }
}

/** Asks for the step with that number. `key`: an idempotency key. */
export async function ask(
  life: Life,
  client: Client,
  walker: Walker,
  at: number,
  key?: string,
): Promise<Answer> {
  const { ask, isRepeatable } = stepsOf(walker)[at] as Step;
  const token = await tokenFor(life, walker, at);
  if (life.isOver) throw DEATH;
  const once = isRepeatable && key !== undefined ? { 'idempotency-key': key } : {};
  const asking = {
    walker,
    services: life.services,
    token,
    request: (method: string, route: string, sent: Sent) =>
      client.call(method, route, {
        home: walker.home,
        ...sent,
        headers: { ...sent.headers, ...once },
      }),
    command: (args: string[]) => command(life, args),
  };
  walker.isAsking = true;
  for (;;) {
    const answer = await ask(asking).catch((error: unknown) => {
      if (life.isOver || !isRepeatable || !isDeath(error)) throw error;
      return null;
    });
    // On a machine that is too busy a request may wait too long to be read, and PostgreSQL take no connection in time.
    // Then it is asked again, and may be under way still.
    const isMoot = answer === null || answer.status === 503 || isUnderWay(answer);
    if (!isMoot) {
      walker.isAsking = false;
      return answer;
    }
    await aMoment(500);
    if (life.isOver) throw DEATH;
  }
}

const isUnderWay = ({ status, body }: Answer): boolean =>
  status === 409 && body?.code === 'idempotency_key_in_use';

async function command({ world, commands }: Life, args: string[]): Promise<Answer> {
  const running = spawnServer(world.folder, world.env, [image.cli, ...args]);
  commands.add(running);
  const { code, signal } = await running.exit;
  commands.delete(running);
  if (signal !== null) throw DEATH;
  return { status: code === 0 ? 200 : 500, body: running.output(), headers: {} };
}

/**
 * Takes the next step, which must work. What a dead server did is not done again, and answered as it would have been; what
 * cannot be asked for twice is passed over then.
 */
export async function takeStep(life: Life, client: Client, walker: Walker): Promise<void> {
  const { isRepeatable } = stepsOf(walker)[walker.taken] as Step;
  const { isFound } = walker;
  if (isFound && !isRepeatable) {
    Object.assign(walker, { isFound: false, taken: walker.taken + 1 });
    return;
  }
  const answer = await ask(life, client, walker, walker.taken, keyOf(walker)).catch(
    (cause: unknown) => {
      throw isDeath(cause) ? cause : new Error(failed(life, walker), { cause });
    },
  );
  const { status, body } = answer;
  if (![200, 204].includes(status)) {
    throw new Error(`${failed(life, walker)}: ${status} ${JSON.stringify(body)}`);
  }
  if (isFound && answer.headers['idempotency-replayed'] !== 'true') {
    throw new Error(`${failed(life, walker)}: was done twice`);
  }
  const user = body?.data?.email ? body.data : body?.user;
  walker.id = user?.id ?? user?.hash ?? body?.hash ?? walker.id;
  // The answer of a change of address is a token alone.
  walker.token = body?.token ?? (/^[\w.-]{100,}$/.test(body) ? body : walker.token);
  walker.taken += 1;
  walker.isFound = false;
}

/** The step, and the last words of the server. */
function failed({ server }: Life, walker: Walker): string {
  const { what } = stepsOf(walker)[walker.taken] as Step;
  const words = server.output().trim().split('\n').slice(-5);
  return `${[`${walker.flow}, ${what}`, ...words].join('\n')}\n`;
}

const keyOf = ({ emails: [email], taken }: Walker): string => `${email} ${taken}`.replace(' ', '/');

export const isDone = (walker: Walker): boolean => walker.taken === stepsOf(walker).length;
