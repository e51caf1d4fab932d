/**
 * The tests of other systems whose calls are not there yet, by what brings them. A call that has come takes its rows
 * away: `PEERS_PENDING=run` runs the tests of this table as well, to see which of them pass.
 */
export const pending: Readonly<Record<string, readonly string[]>> = {};

const themes = new Map(
  Object.entries(pending).flatMap(([theme, names]) =>
    names.map((name): [string, string] => [name, theme]),
  ),
);

/** What brings the call of a test; undefined where it is there. */
export const themeOf = (name: string): string | undefined => themes.get(name);

export const runsPending = process.env.PEERS_PENDING === 'run';
