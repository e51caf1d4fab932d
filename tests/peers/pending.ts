/**
 * The tests of other systems whose calls are not there yet, by what brings them. A call that has come takes its rows
 * away: `PEERS_PENDING=run` runs the tests of this table as well, to see which of them pass.
 */
export const pending = {
  'sign-in with providers': ['guide_oauth2_login'],
} as const satisfies Record<string, readonly string[]>;

type Theme = keyof typeof pending;

const themes = new Map<string, Theme>(
  Object.entries(pending).flatMap(([theme, names]) =>
    names.map((name): [string, Theme] => [name, theme as Theme]),
  ),
);

/** What brings the call of a test; undefined where it is there. */
export const themeOf = (name: string): Theme | undefined => themes.get(name);

export const runsPending = process.env.PEERS_PENDING === 'run';
