import type { Actor } from './actor.ts';
import { type AuditEntry, isCustom } from './audit.ts';
import type { Id } from './ids.ts';
import { formServiceId, type GivenService, type ServiceFields } from './service.ts';

/** The resource of each action, as far as the rule looks at it; null where the actor alone decides. */
type Resources = {
  /** At a service, or by signing up at the built-in one. */
  readonly 'create user': null;
  readonly 'list users': null;
  /**
   * To look at a user, and to change what the service keeps with it. `isKnown`: whether the service that asks made the
   * user, or has or had a key of the user.
   */
  readonly 'read user': { readonly isKnown: boolean };
  /** To change anything else of a user. */
  readonly 'change user': { readonly createdBy: Id | null };
  /** To have the owner of a locked account mailed the way back. `isKnown`: as for `read user`. */
  readonly 'recover user': { readonly isKnown: boolean };
  /** `isDisabledByOperator`: whether an operator disabled the user. */
  readonly 'enable user': { readonly isDisabledByOperator: boolean };
  /** `isKeptBeside`: whether another service than the one that asks has a key of the user. */
  readonly 'delete user': { readonly createdBy: Id | null; readonly isKeptBeside: boolean };
  /** Of a user; the key is of the service that asks. */
  readonly 'create key': null;
  /** For a service that is named, and of that service itself where it names no user. */
  readonly 'create any key': null;
  /** To look at a key, and to do whatever can be done with one. */
  readonly 'see key': { readonly serviceId: Id | null };
  /** To leave a service without a key of its own. */
  readonly 'lock a service out': null;
  /** What a service is told of. */
  readonly 'read events': { readonly serviceId: Id };
  readonly 'read audit': { readonly serviceId: Id | null };
  /** Entries of a service's own, or of the operator's. */
  readonly 'write audit': null;
  readonly 'amend audit': Pick<AuditEntry, 'serviceId' | 'type'>;
  /** `userId`: the owner of the account that the password is claimed for. */
  readonly 'prove password': { readonly userId: Id };
  /** A password that is nobody's yet. */
  readonly 'check password': null;
  /** The one-time code of a user. */
  readonly 'verify code': null;
  /** A session, to look at it or to end it. */
  readonly 'see session': { readonly serviceId: Id; readonly userId: Id };
  /** The session that a token stands for. */
  readonly 'log out': { readonly serviceId: Id; readonly userId: Id };
  /** To make and to spend tokens of its own. */
  readonly 'use CSRF tokens': null;
  /** The token or key that a user brings to a service. */
  readonly 'use token': { readonly serviceId: Id | null };
  readonly 'read service': { readonly serviceId: Id };
  readonly 'list services': null;
  /** `fields`: those that are to be changed, as they are to be. */
  readonly 'change service': { readonly serviceId: Id; readonly fields: GivenService };
  /** To register one, or to delete one. */
  readonly 'administer services': null;
  /** The one-time link of a mail, which is all that nobody needs on the page that Rekey hosts. */
  readonly 'use link': { readonly serviceId: Id };
  /** In the form dialect. `isProven`: whether the request proves the current password as well. */
  readonly 'act for oneself': { readonly isProven: boolean };
  /** In the form dialect, in the name of the built-in service. `isAdmin`: whether the user has that role now. */
  readonly 'administer people': { readonly isAdmin: boolean };
  /** Of the service that asks. */
  readonly 'create webhook': null;
  /** For a service that is named. */
  readonly 'create any webhook': null;
  /** To look at a webhook, and to do whatever can be done with one. */
  readonly 'see webhook': { readonly serviceId: Id | null };
  /** Everything that is done at the command line, or by the server itself. */
  readonly operate: null;
};

/** All that a service changes of itself, beside disabling itself. */
const ownAffairs: ReadonlySet<string> = new Set<keyof ServiceFields>([
  'name',
  'userEmailText',
  'userAllowRegister',
]);

/** Whoever steals the key of a service must neither redirect links with it nor weaken what protects its users. */
const isOwnAffair = ({ isEnabled, ...fields }: GivenService): boolean =>
  isEnabled !== true &&
  Object.entries(fields).every(([field, value]) => value === undefined || ownAffairs.has(field));

type Rule<Resource> = (actor: Actor, resource: Resource) => boolean;

/** Whether the actor is the service itself. */
const isService = (actor: Actor, id: Id | null): boolean =>
  actor.kind === 'service' && actor.service.id === id;

/** Whether the session is one of the service that asks, or of the user at the service of its own session. */
const isSessionOf = (
  actor: Actor,
  { serviceId, userId }: { readonly serviceId: Id; readonly userId: Id },
): boolean =>
  actor.kind === 'user'
    ? actor.session.userId === userId && actor.session.serviceId === serviceId
    : isService(actor, serviceId);

/** Whether a person asks with a session at the built-in service. */
const isAtForms = (actor: Actor): boolean =>
  actor.kind === 'user' && actor.session.serviceId === formServiceId;

const isOperator = ({ kind }: Actor): boolean => kind === 'root' || kind === 'operator';

/** Whether the actor is a service that sees all users, and not only those it knows. */
const seesAll = (actor: Actor): boolean => actor.kind === 'service' && actor.service.seesAllUsers;

const rules: { readonly [Action in keyof Resources]: Rule<Resources[Action]> } = {
  'create user': ({ kind }) => kind !== 'user',
  'list users': (actor) => isOperator(actor) || actor.kind === 'service',
  'read user': (actor, { isKnown }) =>
    isOperator(actor) || seesAll(actor) || (actor.kind === 'service' && isKnown),
  'change user': (actor, { createdBy }) =>
    isOperator(actor) || seesAll(actor) || isService(actor, createdBy),
  'recover user': (actor, { isKnown }) =>
    isOperator(actor) || (actor.kind === 'service' && isKnown),
  'enable user': (actor, { isDisabledByOperator }) => isOperator(actor) || !isDisabledByOperator,
  'delete user': (actor, { createdBy, isKeptBeside }) =>
    isOperator(actor) || (isService(actor, createdBy) && !isKeptBeside),
  'create key': (actor) => isOperator(actor) || actor.kind === 'service',
  'create any key': isOperator,
  'see key': (actor, { serviceId }) => isOperator(actor) || isService(actor, serviceId),
  'lock a service out': isOperator,
  'read events': (actor, { serviceId }) => isOperator(actor) || isService(actor, serviceId),
  'read audit': (actor, { serviceId }) => isOperator(actor) || isService(actor, serviceId),
  'write audit': (actor) => isOperator(actor) || actor.kind === 'service',
  'amend audit': (actor, { serviceId, type }) =>
    isCustom(type) && (isOperator(actor) || isService(actor, serviceId)),
  'prove password': (actor, { userId }) =>
    actor.kind === 'service' ||
    actor.kind === 'nobody' ||
    (actor.kind === 'user' && actor.session.userId === userId),
  'check password': (actor) => isOperator(actor) || actor.kind === 'service',
  'verify code': ({ kind }) => kind === 'service',
  'see session': (actor, session) => isOperator(actor) || isSessionOf(actor, session),
  'log out': isSessionOf,
  'use CSRF tokens': ({ kind }) => kind === 'service',
  'use token': (actor, { serviceId }) => isService(actor, serviceId),
  'read service': (actor, { serviceId }) => isOperator(actor) || isService(actor, serviceId),
  'list services': (actor) => isOperator(actor) || actor.kind === 'service',
  'change service': (actor, { serviceId, fields }) =>
    isOperator(actor) || (isService(actor, serviceId) && isOwnAffair(fields)),
  'administer services': isOperator,
  'act for oneself': (actor, { isProven }) =>
    actor.kind === 'user' && (isProven || isAtForms(actor)),
  'administer people': (actor, { isAdmin }) => isAtForms(actor) && isAdmin,
  'use link': (actor, { serviceId }) => isService(actor, serviceId) || actor.kind === 'nobody',
  'create webhook': (actor) => isOperator(actor) || actor.kind === 'service',
  'create any webhook': isOperator,
  'see webhook': (actor, { serviceId }) => isOperator(actor) || isService(actor, serviceId),
  operate: ({ kind }) => kind === 'operator',
};

/** Whether the actor may do this to the resource. A resource that the actor may not see looks as if it were not there. */
export function may<Action extends keyof Resources>(
  actor: Actor,
  action: Action,
  resource: Resources[Action],
): boolean {
  return rules[action](actor, resource);
}
