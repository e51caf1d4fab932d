import { parseMailText, parseName, parseUrl } from '@rekey/domain';
import { Argument, type Command, Option } from 'commander';
import { checked, json, onWire, print, printJson, withRekey } from './common.ts';

const keyHint = 'The key is shown only now. Keep it where you keep passwords.';

/** Registers services and makes keys. */
export function addServices(program: Command): void {
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
    .addOption(json())
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
        printKey(`Service ${service.name} is registered.`, ['service', service.id], ['key', value]);
      }
    });

  program
    .command('create-root-key')
    .description(
      'make a key with which the operator may look at the users and keys of every service',
    )
    .addArgument(new Argument('<name>', 'what the key is for').argParser(checked(parseName)))
    .addOption(json())
    .action(async (name: string, options) => {
      const { key, value } = await withRekey((rekey) => rekey.createRootKey.execute({ name }));
      if (options.json) printJson({ key: { ...onWire(key), value } });
      else printKey(`Root key ${key.name} is made.`, ['id', key.id], ['key', value]);
    });
}

function printKey(title: string, ...rows: [string, string][]): void {
  const lines = rows.map(([name, value]) => `  ${name.padEnd(8)}${value}`);
  print(title, '', ...lines, '', keyHint);
}
