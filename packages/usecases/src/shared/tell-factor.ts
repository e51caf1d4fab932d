import {
  type Actor,
  type FactorChange,
  formServiceId,
  type Id,
  nowhere,
  type User,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { owe } from './owe.ts';
import type { Recorder } from './record.ts';
import { recordAtAll } from './record-at-all.ts';
import { tellAll } from './tell-all.ts';

/** A factor of an account, which is locked, that was added or removed. */
type Changed = FactorChange & {
  readonly user: User;
  /** The service that it happened through; null where that was the operator. */
  readonly serviceId: Id | null;
  /** The factor; null for recovery codes. */
  readonly subjectId: Id | null;
};

/**
 * Tells everybody of a factor that was added or removed: owes the owner the mail `factor_change` with the kill switch,
 * tells the services `factor.added` or `factor.removed`, and records `rekey:FactorAdd` or `rekey:FactorRemove` at all of
 * them. Throws `TooManyRequests` like `owe`.
 */
export async function tellFactor(
  ports: Recorder & Pick<Ports, 'secrets' | 'linkTokens' | 'settings'>,
  stores: Stores,
  actor: Actor,
  { kind, change, user, serviceId, subjectId }: Changed,
): Promise<void> {
  const origin = actor.origin ?? nowhere;
  const details = { factor: { kind, change } } as const;
  const about = serviceId ?? user.createdBy ?? formServiceId;
  const mail = { purpose: 'factor_change', user, serviceId: about, origin, details } as const;
  await owe(ports, stores, mail);
  const isAdded = change === 'added';
  const of = { serviceId, userId: user.id, subjectId };
  const event = isAdded ? 'factor.added' : 'factor.removed';
  await tellAll(ports, stores, { ...of, type: event, data: { kind } });
  const type = isAdded ? 'rekey:FactorAdd' : 'rekey:FactorRemove';
  await recordAtAll(ports, stores, actor, { ...of, type, data: { kind } });
}
