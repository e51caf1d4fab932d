import { readFileSync } from 'node:fs';
import { readEnvFile } from './env-file.ts';
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
  const given = withFiles(env, problems);
  const values = Object.entries<Variable>(variables).map(([key, variable]) => {
    const set = textOf(variable, given);
    try {
      return [key, set === null ? null : variable.parse(set)];
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // A default is wrong only where the variable that it names is.
      if (given[variable.name]) problems.push(problemOf(variable, error));
      return [key, null];
    }
  });
  problems.push(...halves(given));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(values) as Config;
}

/** Clients of providers that have an id and no secret, or the other way round. Google has uses for an id alone. */
function halves(given: NodeJS.ProcessEnv): string[] {
  const missing = (name: string, other: string) =>
    given[name] || !given[other] ? [] : [`${name} must be set where ${other} is`];
  return [
    ...missing('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'),
    ...['GITHUB', 'MICROSOFT'].flatMap((provider) => {
      const [id, secret] = [`${provider}_CLIENT_ID`, `${provider}_CLIENT_SECRET`];
      return [...missing(id, secret), ...missing(secret, id)];
    }),
  ];
}

/** The variables as they were meant: secrets out of their files, and nothing around a value that a shell would take away. */
function withFiles(env: NodeJS.ProcessEnv, problems: string[]): NodeJS.ProcessEnv {
  const given = { ...env };
  for (const { name, isSecret } of Object.values<Variable>(variables)) {
    const file = isSecret ? env[fileVariableOf(name)]?.trim() : undefined;
    if (file && env[name]) {
      problems.push(`${name} must not be set where ${fileVariableOf(name)} is`);
    } else if (file) {
      const content = contentOf(file);
      if (content) given[name] = content;
      else problems.push(`${fileVariableOf(name)} must name a file with a value that can be read`);
    }
    // Engines that read lines leave the end of a line of Windows.
    const value = given[name]?.trim() ?? '';
    given[name] = value;
    if (/\p{Cc}/u.test(value)) {
      // URLs are read without them, and a file may hold more than was meant.
      problems.push(`${name} must be one line`);
      delete given[name];
    } else if (/^(["'`]).*\1$/s.test(value)) {
      // As `docker run --env-file` leaves them.
      problems.push(`${name} must not have quotes around it`);
      delete given[name];
    }
  }
  return given;
}

/** The variable that names a file with the value of another. */
export const fileVariableOf = (name: string): string => `${name}_FILE`;

/** Editors end a file with a new line, which is no part of a secret. */
function contentOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
      .replace(/^\uFEFF/, '')
      .replace(/\r?\n$/, '');
  } catch {
    return null;
  }
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
  const { values, problems } = readEnvFile('.env');
  for (const [name, value] of values) process.env[name] ??= value;
  try {
    const config = readConfig(process.env);
    if (problems.length > 0) throw new ConfigError([]);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError([...problems, ...error.problems]);
  }
}
