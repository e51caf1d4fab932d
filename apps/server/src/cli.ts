#!/usr/bin/env node
import './thread-pool.ts';
import { IllegalArgument, parseMailText, parseName, parseUrl } from '@rekey/domain';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { compose, type Rekey } from './compose.ts';
import { loadConfig } from './config.ts';

/** An argument or option is not usable; what sysexits and most programs of this kind answer. */
const USAGE = 2;
const FAILURE = 1;

/** Checks an argument the way the use case will, before anything is opened or written. */
const checked = (parse: (text: string) => unknown) => (text: string) => {
  try {
    parse(text);
    return text;
  } catch (error) {
    if (!(error instanceof IllegalArgument)) throw error;
    throw new InvalidArgumentError(reasonOf(error));
  }
};

const json = new Option('--json', 'print one JSON object');
const keyHint = 'The key is shown only now. Keep it where you keep passwords.';

const program = new Command('sso-cli')
  .description(
    'Registers services and makes keys. It works on the database, whether or not the server runs.',
  )
  .showHelpAfterError(false)
  .exitOverride()
  .configureOutput({
    // One line, whatever a value that it quotes is made of.
    outputError: (text, write) =>
      write(
        `sso-cli: ${text
          .replace(/^error: /, '')
          .replaceAll(/\s+/g, ' ')
          .trim()}\n`,
      ),
  });

program
  .command('create-service-with-key')
  .description('register a service and show its key')
  .addArgument(new Argument('<name>', 'shown in mails').argParser(checked(parseName)))
  .addArgument(new Argument('<url>', 'where the service lives').argParser(checked(parseUrl)))
  .addOption(
    new Option(
      '--local-url <url>',
      'page that links in mails lead to (default: the page that Rekey hosts)',
    ).argParser(checked(parseUrl)),
  )
  .addOption(
    new Option('--allow-register <boolean>', 'whether the service may create users')
      .choices(['true', 'false'])
      .default('true'),
  )
  .addOption(
    new Option('--email-text <text>', 'text that mails of this service carry').argParser(
      checked((text) => parseMailText(text, 'emailText')),
    ),
  )
  .addOption(json)
  .action(async (name: string, url: string, options) => {
    const { service, key, value } = await withRekey((rekey) =>
      rekey.createServiceWithKey.execute({
        name,
        url,
        localUrl: options.localUrl,
        allowRegister: options.allowRegister === 'true',
        emailText: options.emailText,
      }),
    );
    if (options.json) printJson({ service: onWire(service), key: { ...onWire(key), value } });
    else {
      print(`Service ${service.name} is registered.`, ['service', service.id], ['key', value]);
    }
  });

program
  .command('create-root-key')
  .description('make a key with which the operator may look at the users and keys of every service')
  .addArgument(new Argument('<name>', 'what the key is for').argParser(checked(parseName)))
  .addOption(json)
  .action(async (name: string, options) => {
    const { key, value } = await withRekey((rekey) => rekey.createRootKey.execute({ name }));
    if (options.json) printJson({ key: { ...onWire(key), value } });
    else print(`Root key ${key.name} is made.`, ['id', key.id], ['key', value]);
  });

/** Opens what the environment names, runs the work, and closes it again. */
async function withRekey<T>(work: (rekey: Rekey) => Promise<T>): Promise<T> {
  const rekey = await compose(loadConfig());
  try {
    return await work(rekey);
  } finally {
    await rekey.close();
  }
}

/** An entity as JSON knows it: snake_case, times in RFC 3339. */
function onWire(entity: object): object {
  const entries = Object.entries(entity).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    name.endsWith('At') ? new Date(value).toISOString() : value,
  ]);
  return Object.fromEntries(entries);
}

function printJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function print(title: string, ...rows: [string, string][]): void {
  const lines = rows.map(([name, value]) => `  ${name.padEnd(8)}${value}`);
  process.stdout.write(`${[title, '', ...lines, '', keyHint].join('\n')}\n`);
}

/** What was refused; the name of the argument is with whoever says it. */
function reasonOf(error: IllegalArgument): string {
  return error.violations.map(({ message }) => message).join('; ');
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else if (error instanceof IllegalArgument) fail(USAGE, `the name ${reasonOf(error)}`);
  else fail(FAILURE, error instanceof Error ? error.message : String(error));
}

function fail(exitCode: number, reason: string): void {
  process.stderr.write(`sso-cli: ${reason}\n`);
  process.exitCode = exitCode;
}
