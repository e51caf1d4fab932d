import { type Client, RekeyError, rekeyClient } from './client.ts';
import { Memory } from './memory.ts';
import { messagesOf } from './messages.ts';
import { type Revocation, Revocations } from './revocations.ts';
import {
  type Claims,
  claimsOf,
  isEncrypted,
  keyIdIn,
  keysOf,
  signedToken,
  type VerificationKey,
} from './tokens.ts';

export type VerifierOptions = {
  /** Where Rekey is. */
  readonly url: string;
  /** The key of your service: the feed of revocations is read with it, and Rekey is asked with it. */
  readonly key: string;
  /** The id of your service, whose tokens are good here; Rekey is asked for it unless it is given. */
  readonly serviceId?: string;
  /** The `iss` of tokens; Rekey is asked for it unless it is given. */
  readonly issuer?: string;
  /** Milliseconds for which the feed may be silent before Rekey is asked about each token; 1000 unless given. */
  readonly maxStalenessMs?: number;
  /** Tokens that are remembered, at most; 100 000 unless given. */
  readonly maxTokens?: number;
  /** Bytes that remembered tokens take, at most and about; 64 MiB unless given. */
  readonly maxBytes?: number;
  /** Sessions and users of which a revocation is remembered, at most; 100 000 unless given. */
  readonly maxRevocations?: number;
  /** Seconds from before the start whose revocations are read: `ACCESS_TOKEN_TTL` of the server; 3600 unless given. */
  readonly historyS?: number;
  /** Hears what becomes of the feed and of the keys: for logs and alerts. It must not throw. */
  readonly onEvent?: (event: VerifierEvent) => void;
  /** Hears of each check how it was decided: for metrics. It must not throw. */
  readonly onCheck?: (how: Decision) => void;
};

export type VerifierEvent =
  /** The feed is followed, and tokens are checked here. */
  | { readonly type: 'fresh' }
  /** The feed is silent: Rekey is asked about each token from now on. */
  | { readonly type: 'stale' }
  /** The connection of the feed ended; it is made again. */
  | { readonly type: 'disconnected'; readonly error: unknown }
  /** Rekey does not have all any more that came after the last event: everything that was remembered is forgotten. */
  | { readonly type: 'restarted' }
  /** The keys of tokens could not be read. */
  | { readonly type: 'keys_failed'; readonly error: unknown };

/**
 * `remembered`: by a signature that was verified before. `verified`: by its signature. `asked`: by Rekey. `refused`: here,
 * without a question.
 */
export type Decision = 'remembered' | 'verified' | 'asked' | 'refused';

/** Whom a token stands for. */
export type Verified = {
  readonly userId: string;
  readonly serviceId: string;
  /** Null where Rekey read the token, which was encrypted. */
  readonly sessionId: string | null;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
};

export type Verifier = {
  /**
   * Whom the token stands for; null where it is good for nothing. Rejects where that cannot be told: where Rekey has to be
   * asked and does not answer.
   */
  verify(token: string): Promise<Verified | null>;
  /** The same by Rekey itself, each time: for what cannot be taken back. Rejects where Rekey does not answer. */
  ask(token: string): Promise<Verified | null>;
  /** Resolves once tokens are checked here. */
  ready(): Promise<void>;
  /** Whether tokens are checked here at this moment, and what is remembered. */
  state(): { readonly isFresh: boolean; readonly tokens: number; readonly revocations: number };
  /** Stops following the feed. Rekey is asked about each token from then on. */
  close(): void;
};

type Remembered = {
  readonly claims: Claims;
  readonly verified: Verified;
  readonly key: VerificationKey;
  /** When Rekey was asked about it last, and said that it is good. */
  askedAt: number;
  /** When Rekey said last that it is good for nothing, by this process's own clock. */
  refusedAt: number;
};

const SKEW_MS = 30_000;
const KEYS_MAX_AGE_MS = 60_000;
/** A key that is not known is looked for so often at most. */
const KEYS_RETRY_MS = 5000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2000;
const MAX_HEADERS = 64;
/** As late as the feed says it, at most. */
const REFUSED_MS = 1000;
/** Heartbeats that come too late, one after the other, before the connection is made again. */
const MAX_LATE = 10;

/**
 * Checks access tokens in this process: by their signature, and by the feed of what Rekey revoked. A token is refused within
 * a second after its session, key or user came to an end. While the feed is silent for longer than `maxStalenessMs`, and
 * wherever something cannot be told here, Rekey is asked.
 */
export function verifier(options: VerifierOptions): Verifier {
  return new LocalVerifier(options);
}

class LocalVerifier implements Verifier {
  readonly #options: VerifierOptions;
  readonly #client: Client;
  readonly #maxStalenessMs: number;
  readonly #revocations: Revocations;
  readonly #tokens: Memory<Remembered>;
  #keys: ReadonlyMap<string, VerificationKey> = new Map();
  #keysAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | null = null;
  /** The headers of tokens are few, and each is read once. */
  readonly #headers = new Map<string, ReturnType<typeof keyIdIn>>();
  #issuer: string | null;
  #serviceId: string | null;
  /** By this process's own clock: up to when everything is known that happened. */
  #freshAt = Number.NEGATIVE_INFINITY;
  #isToldFresh = false;
  #cursor: string | null = null;
  /** Seconds from before the start of which revocations are read. */
  #historyS: number;
  #watch: NodeJS.Timeout | undefined;
  readonly #stop = new AbortController();
  readonly #ready: Promise<void>;
  #resolveReady = () => {};

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#client = rekeyClient({ url: options.url, key: options.key });
    this.#maxStalenessMs = options.maxStalenessMs ?? 1000;
    const { maxTokens = 100_000, maxBytes = 64 * 1024 * 1024 } = options;
    this.#tokens = new Memory(maxTokens, maxBytes);
    this.#revocations = new Revocations(options.maxRevocations ?? 100_000);
    this.#historyS = options.historyS ?? 3600;
    this.#issuer = options.issuer ?? null;
    this.#serviceId = options.serviceId ?? null;
    this.#ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    void this.#follow();
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  state() {
    const { size } = this.#revocations;
    return { isFresh: this.#isFresh(), tokens: this.#tokens.size, revocations: size };
  }

  close(): void {
    this.#stop.abort();
    clearTimeout(this.#watch);
    this.#freshAt = Number.NEGATIVE_INFINITY;
    this.#tokens.clear();
  }

  ask(token: string): Promise<Verified | null> {
    return this.#ask(token, this.#tokens.get(token) ?? null);
  }

  async verify(token: string): Promise<Verified | null> {
    const known = this.#tokens.get(token);
    if (known !== undefined && this.#isOurKey(known))
      return this.#judge(token, known, 'remembered');
    const signed = signedToken(token);
    if (signed === null) return isEncrypted(token) ? this.#ask(token, null) : this.#refuse();
    const header = this.#headerOf(signed.header);
    if (header === null) return this.#refuse();
    const key = this.#knownKey(header.kid) ?? (await this.#keyOf(header.kid));
    // Rekey may know a key that is newer than those here.
    if (key === undefined || this.#issuer === null || this.#serviceId === null) {
      return this.#ask(token, null);
    }
    const claims = key.alg === header.alg ? claimsOf(signed, key) : null;
    if (claims?.issuer !== this.#issuer || claims.serviceId !== this.#serviceId) {
      return this.#refuse();
    }
    const { userId, serviceId, sessionId, expiresAt } = claims;
    const verified = { userId, serviceId, sessionId, expiresAt };
    const never = Number.NEGATIVE_INFINITY;
    const fresh = { claims, verified, key, askedAt: never, refusedAt: never };
    this.#tokens.set(token, fresh);
    return this.#judge(token, fresh, 'verified');
  }

  /** Decides about a token whose signature is good. */
  #judge(
    token: string,
    known: Remembered,
    how: Decision,
  ): Verified | null | Promise<Verified | null> {
    const { claims, verified, askedAt } = known;
    const now = Date.now();
    const isInTime = now < claims.expiresAt && claims.issuedAt <= now + SKEW_MS;
    const verdict = isInTime ? this.#revocations.judge(claims, askedAt) : 'over';
    if (verdict === 'over') return this.#refuse();
    // The feed is about to say why; until then, what Rekey said a moment ago is newer.
    const isRefused = performance.now() - known.refusedAt < this.#maxStalenessMs + REFUSED_MS;
    if (verdict === 'doubtful' || isRefused || !this.#isFresh()) return this.#ask(token, known);
    this.#options.onCheck?.(how);
    return verified;
  }

  #refuse(): null {
    this.#options.onCheck?.('refused');
    return null;
  }

  async #ask(token: string, known: Remembered | null): Promise<Verified | null> {
    this.#options.onCheck?.('asked');
    const askedAt = Date.now();
    try {
      const { user, access } = await this.#client.verifyToken({ token });
      if (known !== null) known.askedAt = askedAt;
      return {
        userId: user.id,
        serviceId: known?.claims.serviceId ?? this.#serviceId ?? '',
        sessionId: known?.claims.sessionId ?? null,
        expiresAt: access.token_expires * 1000,
      };
    } catch (error) {
      if (!(error instanceof RekeyError) || error.code !== 'invalid_token') throw error;
      if (known !== null) known.refusedAt = performance.now();
      return null;
    }
  }

  #headerOf(text: string): ReturnType<typeof keyIdIn> {
    const known = this.#headers.get(text);
    if (known !== undefined) return known;
    const header = keyIdIn(text);
    if (header !== null) {
      if (this.#headers.size === MAX_HEADERS) this.#headers.clear();
      this.#headers.set(text, header);
    }
    return header;
  }

  /** Whether the key of a remembered token is still one of Rekey's. */
  #isOurKey({ key }: Remembered): boolean {
    if (performance.now() - this.#keysAt > KEYS_MAX_AGE_MS) this.#load().catch(() => {});
    for (const each of this.#keys.values()) if (each === key) return true;
    return false;
  }

  #knownKey(kid: string): VerificationKey | undefined {
    if (performance.now() - this.#keysAt > KEYS_MAX_AGE_MS) this.#load().catch(() => {});
    return this.#keys.get(kid);
  }

  /** A key that was not known, which may be new. */
  async #keyOf(kid: string): Promise<VerificationKey | undefined> {
    if (performance.now() - this.#keysAt > KEYS_RETRY_MS) await this.#load().catch(() => {});
    return this.#keys.get(kid);
  }

  /** Reads the keys, and once the issuer and the service. */
  #load(): Promise<void> {
    this.#loading ??= this.#loadNow().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #loadNow(): Promise<void> {
    try {
      const call = { signal: this.#stop.signal };
      // Where it fails, it is not tried again at once.
      this.#keysAt = performance.now();
      const found = keysOf(await this.#client.readVerificationKeys(undefined, call));
      // A key that was there stays the object that it was: remembered tokens rest on it.
      this.#keys = new Map(
        [...found].map(([kid, key]) => {
          const known = this.#keys.get(kid);
          const isSame = known?.alg === key.alg && known.key.equals(key.key);
          return [kid, isSame ? known : key];
        }),
      );
      this.#issuer ??= (await this.#client.readIssuer(undefined, call)).issuer;
      this.#serviceId ??= (await this.#client.listServices({}, call)).data[0]?.id ?? null;
    } catch (error) {
      this.#tell({ type: 'keys_failed', error });
      throw error;
    }
  }

  #isFresh(): boolean {
    return performance.now() - this.#freshAt <= this.#maxStalenessMs;
  }

  #tell(event: VerifierEvent): void {
    if (!this.#stop.signal.aborted) this.#options.onEvent?.(event);
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    let waitMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        if (this.#keys.size === 0 || this.#issuer === null || this.#serviceId === null) {
          await this.#load();
        }
        await this.#read(() => {
          waitMs = FIRST_RETRY_MS;
        });
        throw new Error('the feed ended');
      } catch (error) {
        this.#tell({ type: 'disconnected', error });
      }
      // At odd times, so that many processes do not come again together.
      await pause(waitMs * (0.5 + Math.random()), signal);
      waitMs = Math.min(waitMs * 2, LAST_RETRY_MS);
    }
  }

  /** Reads the feed until it ends. */
  async #read(onBeat: () => void): Promise<void> {
    const connection = new AbortController();
    const stop = () => connection.abort(new Error('the feed is closed'));
    this.#stop.signal.addEventListener('abort', stop, { once: true });
    /** Cuts a connection on which nothing comes. */
    let idle: NodeJS.Timeout | undefined;
    const wait = (ms: number) => {
      clearTimeout(idle);
      idle = setTimeout(() => connection.abort(new Error('the feed is silent')), ms);
      idle.unref();
    };
    try {
      wait(Math.max(10 * this.#maxStalenessMs, 10_000));
      const startedAt = Date.now();
      const askedAt = performance.now();
      const response = await fetch(this.#feedUrl(), {
        headers: {
          authorization: this.#options.key,
          accept: 'text/event-stream',
          ...(this.#cursor !== null && { 'last-event-id': this.#cursor }),
        },
        redirect: 'error',
        signal: connection.signal,
      });
      if (!response.ok || response.body === null) {
        const problem = (await response.json().catch(() => null)) as { code?: string } | null;
        if (problem?.code === 'cursor_expired' || problem?.code === 'invalid_cursor')
          this.#restart();
        throw new Error(`the feed was refused: ${problem?.code ?? response.status}`);
      }
      if (this.#cursor === null) {
        this.#tokens.clear();
        this.#revocations.restart(startedAt - this.#historyS * 1000);
      }
      /** By how much our own clock is ahead of the server's, at least: heartbeats that were held up on their way are old. */
      let offsetMs = Number.NEGATIVE_INFINITY;
      let late = 0;
      for await (const { id, event, data } of messagesOf(response.body)) {
        if (event === 'hello') {
          offsetMs = askedAt - Date.parse((JSON.parse(data) as { opened_at: string }).opened_at);
        } else if (event === 'heartbeat') {
          const until = Date.parse((JSON.parse(data) as { complete_until: string }).complete_until);
          offsetMs = Math.min(offsetMs, performance.now() - until);
          this.#beat(until + offsetMs);
          onBeat();
          // The request took long, and makes all look older than it is; or it is older.
          late = this.#isFresh() ? 0 : late + 1;
          if (late === MAX_LATE) throw new Error('the feed is late');
        } else if (data !== '') {
          this.#revocations.add(JSON.parse(data) as Revocation);
        }
        if (id !== '') this.#cursor = id;
        wait(Math.max(3 * this.#maxStalenessMs, 3000));
      }
    } finally {
      clearTimeout(idle);
      this.#stop.signal.removeEventListener('abort', stop);
      connection.abort();
    }
  }

  #feedUrl(): string {
    const { url } = this.#options;
    const beatMs = Math.min(Math.max(Math.floor(this.#maxStalenessMs / 3), 250), 10_000);
    const start = this.#cursor === null ? `&since_s=${this.#historyS}` : '';
    return `${url.replace(/\/+$/, '')}/v1/revocation?heartbeat_ms=${beatMs}${start}`;
  }

  /**
   * Nothing that is known here is enough any more. The database may have come back from a backup, without sessions that
   * tokens name and without their ends, so Rekey is asked about every token from before.
   */
  #restart(): void {
    this.#cursor = null;
    this.#historyS = 0;
    this.#freshAt = Number.NEGATIVE_INFINITY;
    this.#tokens.clear();
    this.#revocations.restart(Number.POSITIVE_INFINITY);
    this.#tell({ type: 'restarted' });
  }

  /** Everything is known that happened until then, by our own clock. */
  #beat(at: number): void {
    this.#freshAt = Math.max(this.#freshAt, at);
    clearTimeout(this.#watch);
    const leftMs = this.#freshAt + this.#maxStalenessMs - performance.now();
    if (leftMs <= 0) return;
    if (!this.#isToldFresh) {
      this.#isToldFresh = true;
      this.#tell({ type: 'fresh' });
      this.#resolveReady();
    }
    this.#watch = setTimeout(() => {
      this.#isToldFresh = false;
      this.#tell({ type: 'stale' });
    }, leftMs);
    this.#watch.unref();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
