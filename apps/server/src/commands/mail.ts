import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildMessage,
  builtInSources,
  parseMailFrom,
  parts,
  passwordChanged,
  suffixes,
} from '@rekey/adapters-mail';
import { revokeLink } from '@rekey/domain';
import type { PasswordChangedMail } from '@rekey/usecases';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { templatesFor } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import { json, print, printJson } from './common.ts';

/** No token has this form: whatever the link is opened with, it is refused. */
const NO_TOKEN = 'this-is-a-preview';

type PreviewOptions = {
  readonly locale: string;
  readonly timezone: string;
  readonly html?: true;
  readonly text?: true;
  readonly eml?: true;
  readonly json?: true;
};

/** What owners are sent. */
export function addMail(program: Command): void {
  const mail = program.command('mail').description('look at the mail, and write one of your own');

  mail
    .command('preview')
    .description('show what would be sent for a change that nobody made, with a link that is dead')
    .addOption(
      new Option('--locale <locale>', "the user's language").default('en').argParser(parseLocale),
    )
    .addOption(new Option('--timezone <zone>', "the user's time zone").default('UTC'))
    .addOption(new Option('--html', 'its HTML part alone').conflicts(['text', 'eml', 'json']))
    .addOption(new Option('--text', 'its text part alone').conflicts(['eml', 'json']))
    .addOption(new Option('--eml', 'all of it, as it is sent').conflicts('json'))
    .addOption(json())
    .action(async (options: PreviewOptions) => {
      const config = loadConfig();
      const sample = sampleMail(config, options);
      const templates = templatesFor(config);
      const { subject, text, html } = passwordChanged(sample, templates);
      if (options.json) printJson({ subject, text, html });
      else if (options.html) process.stdout.write(html);
      else if (options.text) process.stdout.write(text);
      else if (options.eml) {
        const from = parseMailFrom(config.mailFrom);
        process.stdout.write(await buildMessage(sample, from, templates));
      } else print(subject, '', text.trimEnd());
    });

  mail
    .command('templates')
    .description('write the templates that Rekey brings along into a new folder, to begin with')
    .addArgument(new Argument('<folder>', 'which must not be there yet'))
    .addOption(json())
    .action((folder: string, options: { json?: true }) => {
      const target = path.resolve(folder);
      if (existsSync(target)) throw new Error(`${target} is there already`);
      mkdirSync(target, { recursive: true });
      const files: string[] = [];
      for (const [language, sources] of builtInSources()) {
        for (const part of parts) {
          const name = `${language}${suffixes[part]}`;
          writeFileSync(path.join(target, name), `${sources[part].trimEnd()}\n`);
          files.push(name);
        }
      }
      if (options.json) printJson({ folder: target, files });
      else {
        print(
          `${files.length} files are in ${target}. Keep those that you change, and delete the others:`,
          'what is not there is sent as before. Then set MAIL_TEMPLATES to the folder.',
        );
      }
    });
}

/** A change of now, made from an address that is nobody's (RFC 5737). */
function sampleMail(config: Config, { locale, timezone }: PreviewOptions): PasswordChangedMail {
  const to = { name: 'Ada Lovelace', address: 'ada@example.com' };
  const changedAt = Date.now();
  return {
    messageId: '00000000-0000-7000-8000-000000000000',
    to,
    locale,
    timezone,
    service: { name: 'Shop', emailText: 'Questions? We are here from nine to five.' },
    changedAt,
    origin: {
      address: '203.0.113.9',
      client: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
    },
    link: revokeLink(`${config.publicUrl}/local`, to.address, NO_TOKEN),
    linkExpiresAt: changedAt + config.revokeTokenTtl * 1000,
  };
}

function parseLocale(text: string): string {
  try {
    return new Intl.Locale(text).toString();
  } catch {
    throw new InvalidArgumentError('It must be a locale, such as de or pt-BR.');
  }
}
