/** Lets tasks run side by side as long as what they take fits into a whole; the others wait, one after the other. */
export function share(whole: number) {
  const waiting: { readonly part: number; readonly go: () => void }[] = [];
  let free = whole;

  function letGo(): void {
    for (let [next] = waiting; next && next.part <= free; [next] = waiting) {
      waiting.shift();
      free -= next.part;
      next.go();
    }
  }

  /** `part`: no more than the whole. */
  return async <T>(part: number, task: () => Promise<T>): Promise<T> => {
    await new Promise<void>((go) => {
      waiting.push({ part, go });
      letGo();
    });
    try {
      return await task();
    } finally {
      free += part;
      letGo();
    }
  };
}

/** What a hash that fills memory on purpose may take, and all of them together at a time. */
export const MAX_HASH_MEMORY = 256 * 2 ** 20;

export const inMemory = share(MAX_HASH_MEMORY);
