/** The value that a set-up started, and its end. */
export type Started<T> = { readonly value: T; end(): Promise<void> };

type Entry = { readonly started: Promise<Started<unknown>>; users: number };

/** Each project of a run loads its set-ups anew, in one process: what they share hangs on that. */
const home: { rekeySetUps?: Map<string, Entry> } = globalThis as object;
home.rekeySetUps ??= new Map();
const entries = home.rekeySetUps;

/** Starts something once for all projects that ask for it; it ends with the last of them. */
export async function shared<T>(
  name: string,
  start: () => Promise<Started<T>>,
): Promise<Started<T>> {
  const entry = entries.get(name) ?? { started: start(), users: 0 };
  entries.set(name, entry);
  entry.users += 1;
  const { value, end } = (await entry.started) as Started<T>;
  return {
    value,
    end: async () => {
      entry.users -= 1;
      if (entry.users === 0) await end();
    },
  };
}
