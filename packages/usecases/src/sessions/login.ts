import {
  Forbidden,
  type Instant,
  InvalidCredentials,
  type PasswordQuality,
  type User,
} from '@rekey/domain';
import { knownQuality, sealQuality } from './known-quality.ts';
import type { Ports } from './ports.ts';
import { type Claim, type Proof, proveAccount } from './prove-account.ts';
import { isRefusal, type Recorded, record, recordFailure } from './record.ts';
import { clearAttempt } from './throttle.ts';

type Needs = Pick<
  Ports,
  | 'database'
  | 'hasher'
  | 'meter'
  | 'secrets'
  | 'macs'
  | 'accessTokens'
  | 'clock'
  | 'ids'
  | 'settings'
>;

export type LoginInput = Claim & {
  /** `signed`: an access token with a refresh token beside it. `encrypted`: an access token alone. */
  readonly tokenForm: 'signed' | 'encrypted';
};

export type Token = { readonly token: string; readonly expiresAt: Instant };

export type LoginOutput = {
  readonly user: User;
  readonly quality: PasswordQuality;
  readonly access: Token;
  /** Null for an encrypted access token. */
  readonly refresh: Token | null;
};

/** Lets a user who proves the password in: opens a session and hands out the tokens for it. */
export class Login {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  async execute(input: LoginInput): Promise<LoginOutput> {
    const { database, meter, clock } = this.#ports;

    const proof = await proveAccount(this.#ports, input, { action: 'login' });
    const { user, service } = proof;
    const { id: userId } = user;
    const { origin } = input;
    const event = { action: 'login', serviceId: service.id, userId, origin } as const;
    if (user.passwordRequireUpdate) {
      await database.transact(async (stores) => {
        await clearAttempt(stores.throttles, proof.counted, clock.now());
        await record(this.#ports, stores, { ...event, outcome: 'failure' });
      });
      throw new Forbidden('password_update_required');
    }
    // Judged at the first login with the password, and known from then on; without the breach list: a login waits for
    // no neighbour.
    const known = knownQuality(this.#ports, proof);
    const quality =
      known ?? (await meter.assess(proof.password, [user.email, user.name, service.name]));
    const found = known === null ? sealQuality(this.#ports, proof.version, quality) : null;
    const tokens = await this.#openSession(proof, event, input.tokenForm, found);
    await this.#upgradeHash(proof);
    return { user, quality, ...tokens };
  }

  async #openSession(
    { user, service, tokenKey, version, counted }: Proof,
    event: Recorded,
    tokenForm: LoginInput['tokenForm'],
    foundQuality: string | null,
  ): Promise<Pick<LoginOutput, 'access' | 'refresh'>> {
    const { database, secrets, accessTokens, clock, ids, settings } = this.#ports;
    const now = clock.now();
    const grant = { sessionId: ids.next(), userId: user.id, serviceId: service.id };
    const access = await accessTokens.issue(grant, tokenForm);
    const refresh =
      tokenForm === 'signed'
        ? { token: secrets.generate('rkf_'), expiresAt: now + settings.refreshTokenTtl * 1000 }
        : null;

    const opening = database.transact(async (stores) => {
      const { users, keys, sessions, throttles } = stores;
      // A change, a shutdown or a revoked key since the proof wins: the session would outlive it.
      const held = await users.hold(user.id);
      if (!held?.user.isEnabled || held.credential.version !== version) {
        throw new InvalidCredentials();
      }
      const key = await keys.findToken(user.id, service.id);
      if (key?.id !== tokenKey.id) throw new InvalidCredentials();
      if (foundQuality !== null) await users.keepQuality(user.id, foundQuality);
      await sessions.insert({
        id: grant.sessionId,
        createdAt: now,
        // The last refresh may be at the last moment, and its access token then lives on.
        expiresAt: access.expiresAt + (refresh ? refresh.expiresAt - now : 0),
        userId: user.id,
        serviceId: service.id,
        keyId: tokenKey.id,
      });
      if (refresh) {
        await sessions.insertRefresh({
          digest: secrets.digest(refresh.token),
          sessionId: grant.sessionId,
          createdAt: now,
          expiresAt: refresh.expiresAt,
        });
      }
      await clearAttempt(throttles, counted, now);
      await record(this.#ports, stores, { ...event, subjectId: grant.sessionId });
    });
    await opening.catch(async (error: unknown) => {
      if (isRefusal(error)) await recordFailure(this.#ports, event, counted);
      throw error;
    });
    return { access, refresh };
  }

  /** Replaces a hash made elsewhere or with other settings. The login stands whether or not that works. */
  async #upgradeHash({ user, password, passwordHash }: Proof): Promise<void> {
    const { database, hasher } = this.#ports;
    if (hasher.isCurrent(passwordHash)) return;
    try {
      const newHash = await hasher.hash(password);
      await database.transact(({ users }) => users.upgradeHash(user.id, passwordHash, newHash));
    } catch {
      // The next login tries again.
    }
  }
}
