/** What a remembered token takes beside its text, about. */
const OVERHEAD_BYTES = 600;

/**
 * Values by tokens, in bounded memory. There are two generations: where the newer one has its half, the older one is
 * forgotten as a whole. To delete the oldest entry of a Map for each new one is slow, because every look for the oldest
 * walks over those that were deleted before.
 */
export class Memory<Value> {
  readonly #maxCount: number;
  readonly #maxBytes: number;
  #newer = new Map<string, Value>();
  #older = new Map<string, Value>();
  /** Of the newer generation. */
  #bytes = 0;

  /** Tokens, and bytes, that are remembered at most; the latest two tokens always are. */
  constructor(maxCount: number, maxBytes: number) {
    this.#maxCount = maxCount;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  get(token: string): Value | undefined {
    return this.#newer.get(token) ?? this.#older.get(token);
  }

  set(token: string, value: Value): void {
    const bytes = token.length + OVERHEAD_BYTES;
    const hasItsHalf = this.#newer.size >= Math.floor(this.#maxCount / 2);
    if (hasItsHalf || this.#bytes + bytes > this.#maxBytes / 2) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#bytes = 0;
    }
    this.#newer.set(token, value);
    this.#bytes += bytes;
  }

  clear(): void {
    this.#newer = new Map();
    this.#older = new Map();
    this.#bytes = 0;
  }
}
