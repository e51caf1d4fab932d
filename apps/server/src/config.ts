import { type Variable, variables } from './variables.ts';

type Variables = typeof variables;

/** The configuration that the environment gives, checked. */
export type Config = {
  readonly [Name in keyof Variables]:
    | ReturnType<Variables[Name]['parse']>
    | (Variables[Name]['default'] extends null ? null : never);
};

/** Everything that is wrong with the configuration, a line each. Values are not repeated: they may be secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Reads the configuration; throws one `ConfigError` that names every problem. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const problems: string[] = [];
  const values = Object.entries<Variable>(variables).map(([key, variable]) => {
    const set = textOf(variable, env);
    try {
      return [key, set === null ? null : variable.parse(set)];
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // A default is wrong only where the variable that it names is.
      if (env[variable.name]) problems.push(problemOf(variable, error));
      return [key, null];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(values) as Config;
}

/** Some parsers name the variable themselves. */
function problemOf({ name }: Variable, { message }: Error): string {
  return message.startsWith(`${name} `) ? message : `${name} ${message}`;
}

/** The text of a variable: a variable that is empty counts as not set. */
function textOf(variable: Variable, env: NodeJS.ProcessEnv): string | null {
  return env[variable.name] || defaultOf(variable, env);
}

/** The default of a variable, with the values of those that it names. */
export function defaultOf(variable: Variable, env: NodeJS.ProcessEnv = {}): string | null {
  const named = Object.values<Variable>(variables);
  return (
    variable.default?.replaceAll(/\$([A-Z_]+)/g, (_, name) => {
      const other = named.find((each) => each.name === name);
      return (other && textOf(other, env)) ?? '';
    }) ?? null
  );
}

/** The configuration of this process: its environment, completed from the file `.env`. */
export function loadConfig(): Config {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return readConfig(process.env);
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
