import type { Actor } from './actor.ts';
import type { Id } from './ids.ts';

/** What each action looks at to decide. */
type Resources = {
  /** `isKnown`: whether the service that asks made the user, or has or had a key of the user. */
  readonly 'read user': { readonly isKnown: boolean };
  readonly 'read key': { readonly serviceId: Id | null };
  readonly 'read audit': { readonly serviceId: Id | null };
  /** The token or key that a user brings to a service. */
  readonly 'use token': { readonly serviceId: Id | null };
  /** The one-time link of a mail. `isHosted`: whether Rekey hosts the page of the service. */
  readonly 'use link': { readonly serviceId: Id; readonly isHosted: boolean };
  /** Whatever is done at the command line, or by the server itself. */
  readonly operate: null;
};

type Rule<Resource> = (actor: Actor, resource: Resource) => boolean;

/** Whether the actor is the service itself. */
const isService = (actor: Actor, id: Id | null): boolean =>
  actor.kind === 'service' && actor.service.id === id;

const isOperator = ({ kind }: Actor): boolean => kind === 'root' || kind === 'operator';

const rules: { readonly [Action in keyof Resources]: Rule<Resources[Action]> } = {
  'read user': (actor, { isKnown }) => isOperator(actor) || (actor.kind === 'service' && isKnown),
  'read key': (actor, { serviceId }) => isOperator(actor) || isService(actor, serviceId),
  'read audit': (actor, { serviceId }) => isOperator(actor) || isService(actor, serviceId),
  'use token': (actor, { serviceId }) => isService(actor, serviceId),
  'use link': (actor, { serviceId, isHosted }) =>
    isService(actor, serviceId) || (actor.kind === 'nobody' && isHosted),
  operate: ({ kind }) => kind === 'operator',
};

/** Whether the actor may do this to the resource. Whatever may not be done looks as if the resource were not there. */
export function may<Action extends keyof Resources>(
  actor: Actor,
  action: Action,
  resource: Resources[Action],
): boolean {
  return rules[action](actor, resource);
}
