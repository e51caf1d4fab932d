import {
  DAY_MS,
  type Delivery,
  FactorDemanded,
  type Id,
  type Identity,
  type Origin,
  operator,
  type Purpose,
  type Service,
} from '@rekey/domain';
import type { Ports, UseCases } from '../../src/index.ts';
import { fakeAuthenticator } from '../fakes/index.ts';
import { asNobody, asService, NEW_PASSWORD, nobody, PASSWORD, root, type World } from '../world.ts';

/** A person, a link that was mailed to the person, and what it takes to do something else at that moment. */
export type Case = {
  /** Of nobody, where the address has no account. */
  id: Id;
  readonly service: Service;
  readonly other: Service;
  /** Where the person is, and where somebody else is. */
  readonly from: Origin;
  readonly elsewhere: Origin;
  /** The address that all began with. */
  readonly first: string;
  /** The address of the account now. */
  email: string;
  password: string;
  /** The TOKEN key at the service. */
  keyId: Id;
  /** The token of a kill switch besides. */
  killer: string;
  /** What the link is for, its token, and what pressing it does. */
  readonly purpose: Purpose;
  token: string;
  readonly press: Act;
  /** What the event needs that comes of its preparation. */
  given: string;
  /** The token of the link of a purpose that was mailed last, and the mail. */
  readonly tokenOf: (purpose: Purpose) => string;
  readonly mailed: (purpose: Purpose) => Delivery;
};

/** The ports, with what the person of a race has: an app that shows codes, and accounts at providers. */
export type Reach = Ports & Pick<World, 'totp' | 'providers'>;
export type Act = (all: UseCases, of: Case, ports: Reach) => Promise<unknown>;

const BY_LINK = 'set by the link';
const BY_OWNER = 'chosen by the owner';
const BY_RIVAL = 'chosen by a rival';
/** Every password that an account of a race may have. */
export const chosen = [PASSWORD, NEW_PASSWORD, BY_LINK, BY_OWNER, BY_RIVAL];

const by = ({ service, from }: Case) => asService(service, from);
const move: Act = ({ users }, of) => {
  const { email, password } = of;
  return users.updateEmail.execute(by(of), { email, password, newEmail: `moved.${email}` });
};
const changePassword: Act = ({ passwords }, of) => {
  const { email, password } = of;
  const newPassword = NEW_PASSWORD;
  return passwords.updatePassword.execute(by(of), { email, password, newPassword });
};
export const makeKey: Act = ({ keys }, of) =>
  keys.createKey.execute(by(of), { name: 'cron', userId: of.id });
const requestReset: Act = ({ passwords }, of) =>
  passwords.requestReset.execute(by(of), { email: of.email });
const register: Act = ({ users }, of) =>
  users.register.execute(by(of), { name: 'Ada', email: of.first });
export const logIn: Act = ({ sessions }, of) => {
  const { email, password } = of;
  return sessions.login.execute(by(of), { email, password });
};
const setEnabled =
  (isEnabled: boolean): Act =>
  ({ users }, { id }) =>
    users.updateUser.execute(root, { id, isEnabled });
const revokeKey: Act = ({ keys }, { keyId }) => keys.retireKey.execute(root, { id: keyId });
const setKeyEnabled =
  (isEnabled: boolean): Act =>
  ({ keys }, { keyId }) =>
    keys.updateKey.execute(root, { id: keyId, isEnabled });
const updateService =
  (fields: { isEnabled?: boolean; userAllowRegister?: boolean }): Act =>
  ({ services }, { service: { id } }) =>
    services.updateService.execute(root, { id, ...fields });
const lock =
  (tokenIn: (of: Case) => string): Act =>
  ({ recovery }, of) =>
    recovery.lockAccount.execute(nobody, { token: tokenIn(of) });

/** The service, with the person who has that session there. */
const withSession = (of: Case, sessionId: string) => ({
  ...by(of),
  user: { userId: of.id, keyId: of.keyId, sessionId },
});
const openSession = async (all: UseCases, of: Case, { accessTokens }: Ports) => {
  const { email, password } = of;
  const { access } = await all.sessions.login.execute(by(of), { email, password });
  return withSession(of, (await accessTokens.verify(access.token))?.sessionId ?? '');
};
/** What an event needs that a session of the person prepared. */
const given = (actor: ReturnType<typeof withSession>, more: object = {}): string =>
  JSON.stringify({ sessionId: actor.user.sessionId, ...more });
const back = (of: Case) => {
  const { sessionId, ...more } = JSON.parse(of.given);
  return { ...more, actor: withSession(of, sessionId) };
};

const enrol = async (all: UseCases, of: Case, ports: Reach) => {
  const actor = await openSession(all, of, ports);
  const { secret } = await all.factors.enrolTotp.execute(actor, { userId: of.id });
  return { actor, code: ports.totp.codeAt(secret, ports.clock.now()) };
};
const addTotp: Act = async (all, of, ports) => {
  const { actor, code } = await enrol(all, of, ports);
  const [recoveryCode] = await all.factors.confirmTotp.execute(actor, { userId: of.id, code });
  return given(actor, { code: recoveryCode });
};
const beginPasskey = async (all: UseCases, of: Case, ports: Reach) => {
  const actor = await openSession(all, of, ports);
  const { email } = of;
  const authenticator = fakeAuthenticator();
  const { options } = await all.factors.startPasskey.execute(actor, { email });
  const response = await authenticator.create(options);
  const add = () => all.factors.addPasskey.execute(actor, { email, response });
  return { actor, authenticator, response, add };
};
const addPasskey: Act = async (all, of, ports) => {
  const { actor, add } = await beginPasskey(all, of, ports);
  return given(actor, { id: (await add()).id });
};
/** The account that the person has at Google. */
const googleOf = ({ first }: Case): Identity => ({
  provider: 'google',
  issuer: 'https://accounts.google.com',
  subject: `subject of ${first}`,
  verifiedEmail: first,
  name: 'Ada',
});
const tokenOfGoogle = (of: Case, { providers }: Reach): string => providers.tokenFor(googleOf(of));
const addLink: Act = async (all, of, ports) => {
  const actor = await openSession(all, of, ports);
  const google = { provider: 'google', token: tokenOfGoogle(of, ports) } as const;
  return given(actor, { id: (await all.providers.addLinkWithToken.execute(actor, google)).id });
};

export const presses = {
  lock: lock(({ token }) => token),
  'set the password': ({ passwords }, { token }) =>
    passwords.confirmReset.execute(nobody, { token, password: BY_LINK }),
  register: ({ users }, { token }) =>
    users.confirmRegistration.execute(nobody, { token, password: BY_LINK }),
  'prove the address': ({ users }, { token }) =>
    users.validateEmail.execute(nobody, { token, isProof: true }),
  open: ({ recovery }, { token }) =>
    recovery.confirmRecovery.execute(nobody, { token, password: BY_LINK }),
} satisfies Record<string, Act>;

export type Link = {
  readonly purpose: Purpose;
  /** A service made it, unless something else is said. */
  readonly account?: 'nobody’s' | 'signed up' | 'proven' | 'without a password';
  readonly mail: Act;
  readonly press: keyof typeof presses;
  /** The password that is right once the mail is out, where it is another one. */
  readonly password?: string;
};

/** How each link is asked for, and what pressing it does. */
export const links: Record<string, Link> = {
  register: { purpose: 'register', account: 'signed up', mail: register, press: 'register' },
  'register, of a new address': {
    purpose: 'register',
    account: 'nobody’s',
    mail: register,
    press: 'register',
  },
  'register, of a proven address': {
    purpose: 'register',
    account: 'proven',
    mail: (all, of, ports) => register(all, { ...of, service: of.other }, ports),
    press: 'register',
  },
  register_confirm: {
    purpose: 'register_confirm',
    account: 'nobody’s',
    mail: async (all, of, ports) => {
      await register(all, of, ports);
      const token = of.tokenOf('register');
      await all.users.confirmRegistration.execute(nobody, { token, password: PASSWORD });
    },
    press: 'lock',
  },
  invite: {
    purpose: 'invite',
    account: 'without a password',
    mail: ({ users }, { id }) => users.inviteUser.execute(operator, { id }),
    press: 'set the password',
  },
  reset_password: { purpose: 'reset_password', mail: requestReset, press: 'set the password' },
  'reset_password, of a sign-up': {
    purpose: 'reset_password',
    account: 'signed up',
    mail: requestReset,
    press: 'set the password',
  },
  reset_password_confirm: {
    purpose: 'reset_password_confirm',
    mail: async (all, of, ports) => {
      await requestReset(all, of, ports);
      const token = of.tokenOf('reset_password');
      await all.passwords.confirmReset.execute(nobody, { token, password: NEW_PASSWORD });
    },
    press: 'lock',
    password: NEW_PASSWORD,
  },
  update_password: {
    purpose: 'update_password',
    mail: changePassword,
    press: 'lock',
    password: NEW_PASSWORD,
  },
  update_email: { purpose: 'update_email', mail: move, press: 'lock' },
  factor_change: { purpose: 'factor_change', mail: makeKey, press: 'lock' },
  'factor_change, of one-time codes': { purpose: 'factor_change', mail: addTotp, press: 'lock' },
  'factor_change, of a passkey': { purpose: 'factor_change', mail: addPasskey, press: 'lock' },
  'factor_change, of a link with a provider': {
    purpose: 'factor_change',
    mail: addLink,
    press: 'lock',
  },
  new_device: {
    purpose: 'new_device',
    mail: async (all, of, ports) => {
      await logIn(all, of, ports);
      await logIn(all, { ...of, from: of.elsewhere }, ports);
    },
    press: 'lock',
  },
  validate_email: {
    purpose: 'validate_email',
    account: 'signed up',
    mail: ({ users }, { id, from }) =>
      users.sendValidation.execute({ ...root, origin: from }, { id }),
    press: 'prove the address',
  },
  'validate_email, of somebody else’s account': {
    purpose: 'validate_email',
    account: 'signed up',
    mail: ({ users }, { id, from }) =>
      users.sendValidation.execute({ ...root, origin: from }, { id }),
    press: 'lock',
  },
  recover: {
    purpose: 'recover',
    mail: async (all, of, ports) => {
      await lock(({ killer }) => killer)(all, of, ports);
      await all.recovery.recoverUser.execute(root, { id: of.id });
    },
    press: 'open',
  },
};

/** Those whose links show something, and do nothing. */
export const idle: readonly Purpose[] = ['key_expiring', 'account_deleted'];

export type Event = {
  /** What happened before the link was mailed, and what after it. Each may answer what the event needs. */
  readonly before?: Act;
  readonly after?: Act;
  readonly happen: Act;
  /** The links before or after which that cannot be. */
  readonly never?: readonly string[];
};

/** The keys of the account that somebody could use. */
export const usableOf = ({ id }: Pick<Case, 'id'>) => ({
  userIds: [id],
  isRevoked: false,
  isEnabled: true,
});

const noAccount = ['register, of a new address'];
/** An address that is proven gets no mail that asks for a proof. */
const proven = ['register, of a proven address', 'register_confirm', 'reset_password_confirm'];
const noPassword = ['invite', 'recover', ...noAccount];
/** Nobody logs in there with the password alone, or has a session by then. */
const noSession = ['factor_change, of one-time codes', ...noPassword];
/** Nobody adds a way in to an account that nobody proved. */
const noLink = [
  'register',
  'reset_password, of a sign-up',
  'validate_email',
  'validate_email, of somebody else’s account',
  'factor_change, of a link with a provider',
  ...noSession,
];

export const events: Record<string, Event> = {
  'the link itself': { happen: (all, of, ports) => of.press(all, of, ports) },
  'a change of the password': {
    happen: ({ passwords }, of) => {
      const { email, password } = of;
      const change = { email, password, newPassword: BY_OWNER };
      return passwords.updatePassword.execute(by(of), change);
    },
  },
  'a change of the address': { happen: move },
  'a login': { happen: logIn },
  'a new KEY': { happen: makeKey },
  'new one-time codes': {
    after: async (all, of, ports) => {
      const { actor, code } = await enrol(all, of, ports);
      return given(actor, { code });
    },
    happen: ({ factors }, of) => {
      const { actor, code } = back(of);
      return factors.confirmTotp.execute(actor, { userId: of.id, code });
    },
    never: noSession,
  },
  'a removal of the one-time codes': {
    after: addTotp,
    happen: ({ factors }, of) => {
      const { actor, code } = back(of);
      return factors.removeTotp.execute(actor, { userId: of.id, code });
    },
    never: noSession,
  },
  'new recovery codes': {
    after: addTotp,
    happen: ({ factors }, of) => {
      const { actor, code } = back(of);
      return factors.renewRecoveryCodes.execute(actor, { userId: of.id, code });
    },
    never: noSession,
  },
  'a login with a recovery code': {
    after: async (all, of, ports) => {
      const { code } = JSON.parse((await addTotp(all, of, ports)) as string);
      const demand: unknown = await logIn(all, of, ports).catch((error: unknown) => error);
      if (!(demand instanceof FactorDemanded)) throw demand;
      return JSON.stringify({ code, challenge: demand.challenge });
    },
    happen: ({ sessions }, of) => {
      const { code, challenge } = JSON.parse(of.given);
      const shown = { code, challenge, kinds: ['login'] as const };
      return sessions.logInWithFactor.execute(by(of), shown);
    },
    never: noSession,
  },
  'a removal of the one-time codes by the operator': {
    after: addTotp,
    happen: ({ factors }, { id: userId }) =>
      factors.removeFactor.execute(operator, { userId, factor: 'totp' }),
    never: noSession,
  },
  'a new passkey': {
    after: async (all, of, ports) => {
      const { actor, response } = await beginPasskey(all, of, ports);
      return given(actor, { response, email: of.email });
    },
    happen: ({ factors }, of) => {
      const { actor, response, email } = back(of);
      return factors.addPasskey.execute(actor, { email, response });
    },
    never: noSession,
  },
  'a removal of a passkey': {
    after: addPasskey,
    happen: ({ factors }, of) => {
      const { actor, id } = back(of);
      return factors.removePasskey.execute(actor, { id });
    },
    never: noSession,
  },
  'a login with a passkey': {
    after: async (all, of, ports) => {
      const { authenticator, add } = await beginPasskey(all, of, ports);
      await add();
      const { email } = of;
      const { options } = await all.factors.askForPasskey.execute(by(of), { email });
      return JSON.stringify({ email, response: await authenticator.get(options) });
    },
    happen: ({ sessions }, of) => sessions.logInWithPasskey.execute(by(of), JSON.parse(of.given)),
    // A passkey outlives a reset; a login that a reset overtakes is refused all the same, for it was proven before.
    never: ['reset_password', ...noSession],
  },
  'a new link with a provider': {
    after: async (all, of, ports) => {
      const actor = await openSession(all, of, ports);
      return given(actor, { token: tokenOfGoogle(of, ports) });
    },
    happen: ({ providers }, of) => {
      const { actor, token } = back(of);
      return providers.addLinkWithToken.execute(actor, { provider: 'google', token });
    },
    never: noSession,
  },
  'a removal of a link with a provider': {
    after: addLink,
    happen: ({ providers }, of) => {
      const { actor, id } = back(of);
      return providers.removeLink.execute(actor, { id });
    },
    never: noLink,
  },
  'a sign-in with a provider': {
    after: async ({ providers }, of, ports) => {
      const asked = { provider: 'google', purpose: 'sign-in' } as const;
      const url = await providers.askProvider.execute(by(of), asked);
      return JSON.stringify(ports.providers.codeFor(url, googleOf(of)));
    },
    happen: ({ providers }, of) =>
      providers.signIn.execute(by(of), { provider: 'google', ...JSON.parse(of.given) }),
  },
  'a request of a reset': { happen: requestReset },
  'a reset': {
    after: async (all, of, ports) => {
      await requestReset(all, of, ports);
      return of.tokenOf('reset_password');
    },
    happen: ({ passwords }, { given: token }) =>
      passwords.confirmReset.execute(nobody, { token, password: BY_OWNER }),
    never: [...noAccount, 'recover'],
  },
  'a proof of the address': {
    after: async ({ users }, { id, from, tokenOf }) => {
      await users.sendValidation.execute({ ...root, origin: from }, { id });
      return tokenOf('validate_email');
    },
    happen: ({ users }, { given: token }) =>
      users.validateEmail.execute(nobody, { token, isProof: true }),
    never: [...noAccount, 'recover', ...proven],
  },
  'an invitation': { happen: ({ users }, { id }) => users.inviteUser.execute(operator, { id }) },
  'a kill switch': { happen: lock(({ killer }) => killer) },
  'a kill switch of the address before': {
    before: async (all, of, ports) => {
      await move(all, of, ports);
      return of.tokenOf('update_email');
    },
    happen: lock(({ given }) => given),
    never: [...noPassword, 'register_confirm'],
  },
  'a kill switch of the address after': {
    after: async (all, of, ports) => {
      await move(all, of, ports);
      await makeKey(all, of, ports);
      return of.tokenOf('factor_change');
    },
    happen: lock(({ given }) => given),
    never: noPassword,
  },
  'a new link for the way back': {
    happen: ({ recovery }, { id }) => recovery.recoverUser.execute(root, { id }),
  },
  'the owner’s button for the way back': {
    happen: ({ recovery }, { killer: token }) => recovery.recoverByOwner.execute(nobody, { token }),
  },
  'a disabling': { happen: setEnabled(false) },
  'a disabling by the service': {
    happen: ({ users }, of) => users.updateUser.execute(by(of), { id: of.id, isEnabled: false }),
  },
  'an enabling': {
    after: setEnabled(false),
    happen: setEnabled(true),
    never: noAccount,
  },
  'a deletion': { happen: ({ users }, { id }) => users.deleteUser.execute(root, { id }) },
  'the role of an admin': {
    happen: ({ users }, { id }) => users.changeRole.execute(operator, { id, isAdmin: true }),
  },
  'an end of the TOKEN key': { happen: revokeKey },
  'a deletion of the TOKEN key': {
    happen: ({ keys }, { keyId }) => keys.deleteKey.execute(root, { id: keyId }),
  },
  'a disabling of the TOKEN key': { happen: setKeyEnabled(false) },
  'an enabling of the TOKEN key': {
    after: setKeyEnabled(false),
    happen: setKeyEnabled(true),
    never: noAccount,
  },
  'a rotation of the TOKEN key': {
    happen: ({ keys }, { keyId }) => keys.rotateKey.execute(root, { id: keyId }),
  },
  'a disabling of the service': { happen: updateService({ isEnabled: false }) },
  'an end of registrations': { happen: updateService({ userAllowRegister: false }) },
  'a deletion of the service': {
    // One of which users have keys cannot be deleted.
    after: ({ keys: { retireKey } }, of, { database }) =>
      database
        .read(({ keys }) => keys.list(usableOf(of), { limit: 100 }))
        .then((keys) => Promise.all(keys.map(({ id }) => retireKey.execute(root, { id })))),
    happen: ({ services }, { service: { id } }) => services.deleteService.execute(root, { id }),
  },
  'a sign-up with the address': {
    happen: ({ users }, { email, elsewhere }) =>
      users.signUp.execute(asNobody(elsewhere), { name: 'Eve', email, password: BY_RIVAL }),
  },
  'a user whom another service makes': {
    happen: ({ users }, { email, other }) =>
      users.createUser.execute(asService(other), { name: 'Eve', email, password: BY_RIVAL }),
  },
  'a request of a registration': { happen: register },
  'a registration at another service': {
    after: async (all, of, ports) => {
      await register(all, { ...of, service: of.other, first: of.email }, ports);
      return of.tokenOf('register');
    },
    happen: ({ users }, { given: token }) =>
      users.confirmRegistration.execute(nobody, { token, password: BY_RIVAL }),
  },
  'a correction of its mail': {
    after: async (all, of, ports) => {
      const { database, clock } = ports;
      const now = clock.now();
      const { id } = of.mailed(of.purpose);
      await database.transact(async ({ deliveries }) => {
        const [owed] = await deliveries.lease([id], now, now + DAY_MS, now + DAY_MS);
        await deliveries.giveUp({ id, attempt: owed?.attempt ?? 0 }, now, 'no such mailbox');
      });
      await move(all, of, ports);
      return id;
    },
    happen: ({ deliveries }, { given: id }) => deliveries.correctDelivery.execute(operator, { id }),
    never: noPassword,
  },
  'an import': {
    happen: async ({ moving }, { email }) => {
      const user = { name: 'Ada', email, is_enabled: false, email_proven: true };
      const rows = async function* () {
        yield { line: 1, user };
      };
      const input = { source: 'users', onConflict: 'update', rows } as const;
      for await (const _ of moving.importUsers.execute(operator, input));
    },
  },
};
