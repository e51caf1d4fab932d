import { DAY_MS, networkOf, type User } from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { type AccountCount, accountCounts } from '../shared/throttle.ts';

/** More failures of an account than get through in a day. */
const MAX_FAILURES = 1000;

/**
 * The counts of tries at an account, through all services that know the user. A count does not say of which network it
 * is: the networks are those of which the audit has a failure in the last day.
 */
export async function knownCounts(
  ports: Pick<Ports, 'secrets' | 'clock' | 'settings'>,
  { services, audit }: Pick<Stores, 'services' | 'audit'>,
  { id, email }: User,
): Promise<AccountCount[]> {
  const now = ports.clock.now();
  const serviceIds = await services.knowing(id);
  if (serviceIds.length === 0) return [];
  const places = await audit.list(
    { serviceIds, userIds: [id], from: now - DAY_MS, to: now, isDescending: true },
    MAX_FAILURES,
  );
  const entries = await audit.getAll(places.map((place) => place.id));
  const networks = new Set(
    entries
      .filter(({ outcome }) => outcome === 'failure')
      .flatMap(({ origin }) => (origin?.address ? [networkOf(origin.address)] : [])),
  );
  // As those who count name the account: for a password, and for a one-time code.
  const accounts = [email, `totp of ${id}`];
  return accountCounts(ports, { serviceIds, accounts, networks: [...networks] });
}
