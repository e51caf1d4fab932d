import { operator, parseMailText, parseName, parseUrl } from '@rekey/domain';
import { Argument, type Command, Option } from 'commander';
import { checked, json, onWire, printJson, printKey, withRekey } from './common.ts';

type CreateOptions = {
  readonly localUrl?: string;
  readonly allowRegister: 'true' | 'false';
  readonly emailText?: string;
  readonly json?: true;
};

/** The backends that act for their users. */
export function addService(program: Command): void {
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
    .action(async (name: string, url: string, options: CreateOptions) => {
      const { service, key, value } = await withRekey(({ services }) =>
        services.createServiceWithKey.execute(operator, {
          name,
          url,
          providerLocalUrl: options.localUrl,
          userAllowRegister: options.allowRegister === 'true',
          userEmailText: options.emailText,
        }),
      );
      if (options.json) printJson({ service: onWire(service), key: { ...onWire(key), value } });
      else {
        printKey(`Service ${service.name} is registered.`, ['service', service.id], ['key', value]);
      }
    });
}
