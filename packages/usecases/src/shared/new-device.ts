import {
  type Account,
  DAY_MS,
  type Id,
  isKnownNetwork,
  type MarkedNetwork,
  networkOf,
  type Origin,
  type Place,
  type Service,
  withNetwork,
} from '@rekey/domain';
import type { Ports, Stores } from '../ports/index.ts';
import { oweNews } from './owe.ts';
import { checkChanges } from './throttle.ts';

// Who gets a mail, and why nobody else: docs/decisions/0054-new-devices.md

type Needs = Pick<Ports, 'secrets' | 'linkTokens' | 'mailTally' | 'clock' | 'ids' | 'settings'>;

/** For so long the first login ever to an account is no news to whoever made it. */
const NEW_ACCOUNT_MS = 30 * DAY_MS;

/** The login of an account, which is locked. */
type Login = {
  readonly account: Account;
  readonly service: Service;
  /** Whether it brings a device that the account knows. */
  readonly isKnownDevice: boolean;
};

/**
 * Owes the owner of an account a mail about a login from a device and from a network that are both new to it, in the
 * transaction of the login. From then on the network is known. Throws `TooManyRequests` where the owner was told too
 * often in the last hour: nobody gets in from anywhere new without being told of.
 */
export async function tellNewDevice(
  ports: Needs,
  stores: Stores,
  { origin }: Pick<Place, 'origin'>,
  { account, service, isKnownDevice }: Login,
): Promise<void> {
  const { user } = account;
  const isQuiet =
    !service.newDeviceMail || isKnownDevice || isFromKnownNetwork(ports, account, origin);
  if (!isQuiet && !isFirstLogin(ports, account)) {
    const now = ports.clock.now();
    await checkChanges(stores.oneTimeTokens, ports.settings, user.id, now, 'new_device');
    const mail = { purpose: 'new_device', user, serviceId: service.id, origin } as const;
    if ((await oweNews(ports, stores, mail)) === null) return;
  }
  await noteNetwork(ports, stores, account, origin);
}

/** Whether the account of late let somebody in from the network of an origin. */
export const isFromKnownNetwork = (
  ports: Pick<Ports, 'secrets' | 'clock'>,
  account: Account,
  origin: Origin,
): boolean =>
  isKnownNetwork(account.credential.networks, marked(ports, account, origin), ports.clock.now());

/** Makes the network of an origin known to an account, which is locked. Writes nothing where that is known already. */
async function noteNetwork(
  ports: Pick<Ports, 'secrets' | 'clock'>,
  { users }: Pick<Stores, 'users'>,
  account: Account,
  origin: Origin,
): Promise<void> {
  const { user, credential } = account;
  const known = withNetwork(credential.networks, marked(ports, account, origin), ports.clock.now());
  if (known !== credential.networks) await users.keepNetworks(user.id, known);
}

/**
 * Makes the network known from which somebody proved to have the mailbox of an account, whose devices and networks were
 * forgotten just now: the login that comes next is no news.
 */
export async function meetOwner(
  ports: Pick<Ports, 'secrets' | 'clock'>,
  stores: Pick<Stores, 'users'>,
  userId: Id,
  origin: Origin,
): Promise<void> {
  const account = await stores.users.lock(userId);
  if (account !== null) await noteNetwork(ports, stores, account, origin);
}

const isFirstLogin = ({ clock }: Pick<Ports, 'clock'>, { user, credential }: Account): boolean =>
  credential.networks === null && clock.now() < user.createdAt + NEW_ACCOUNT_MS;

/** One network has another mark at every account: the database does not tell who was where together. */
const marked = (
  { secrets }: Pick<Ports, 'secrets'>,
  { user, credential }: Account,
  { address }: Origin,
): MarkedNetwork => ({
  mark: secrets.blind(JSON.stringify(['network', user.id, networkOf(address)])),
  epoch: credential.deviceEpoch,
});
