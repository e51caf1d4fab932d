import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { uuidv7Ids } from '@rekey/adapters-crypto';
import {
  buildMessage,
  builtInSources,
  composeNotice,
  latestMail,
  parseMailFrom,
  parts,
  type ReadableMail,
  suffixes,
} from '@rekey/adapters-mail';
import {
  DAY_MS,
  linkTo,
  parseLocale as localeOf,
  maskedEmail,
  type NoticeKind,
  noticeKinds,
  type Purpose,
  parseEmail,
  purposes,
} from '@rekey/domain';
import { DeliveryFailure, lifeMs, type Notice } from '@rekey/usecases';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { brandOf, outletFor, settingsOf, templatesFor } from '../compose.ts';
import { type Config, loadConfig } from '../config.ts';
import { checked, json, print, printJson } from './common.ts';

/** No token has this form: a link with it is refused everywhere. */
const NO_TOKEN = 'this-is-a-preview';

type SampleOptions = { readonly locale: string; readonly timezone: string };
type PreviewOptions = SampleOptions & {
  readonly html?: true;
  readonly text?: true;
  readonly eml?: true;
  readonly json?: true;
};

/** The mails to the owners of accounts. */
export function addMail(program: Command): void {
  const mail = program
    .command('mail')
    .description('look at mails, and write templates of your own');

  mail
    .command('preview')
    .description('show the mail for an event that did not happen, with a link that does not work')
    .addArgument(
      new Argument('[kind]', 'the kind of mail').choices(noticeKinds).default('update_password'),
    )
    .addOption(localeOption())
    .addOption(new Option('--timezone <zone>', "the user's time zone").default('UTC'))
    .addOption(new Option('--html', 'its HTML part alone').conflicts(['text', 'eml', 'json']))
    .addOption(new Option('--text', 'its text part alone').conflicts(['eml', 'json']))
    .addOption(new Option('--eml', 'all of it, as it is sent').conflicts('json'))
    .addOption(json())
    .action(async (kind: NoticeKind, options: PreviewOptions) => {
      const config = loadConfig();
      const notice = sampleOf(kind, config, options);
      const templates = templatesFor(config);
      const { subject, text, html } = composeNotice(notice, templates, brandOf(config));
      if (options.json) printJson({ subject, text, html });
      else if (options.html) process.stdout.write(html);
      else if (options.text) process.stdout.write(text);
      else if (options.eml) {
        const from = parseMailFrom(config.mailFrom);
        process.stdout.write(await buildMessage(notice, from, templates, brandOf(config)));
      } else print(subject, '', text.trimEnd());
    });

  mail
    .command('send')
    .description('send a mail that says that it is a test, and say what became of it')
    .addOption(
      new Option('--test <address>', 'where it goes')
        .makeOptionMandatory()
        .argParser(checked(parseEmail)),
    )
    .addOption(localeOption())
    .addOption(json())
    .action(async ({ test: to, ...options }: { test: string; locale: string; json?: true }) => {
      const config = loadConfig();
      const notice = testOf(parseEmail(to), config, options);
      const way =
        config.smtpUrl === null
          ? path.resolve(config.mailDir, `${notice.id}.eml`)
          : new URL(config.smtpUrl).host;
      const outlet = outletFor(config);
      try {
        await outlet.send(notice);
      } catch (error) {
        if (!(error instanceof DeliveryFailure)) throw error;
        const hint = error.isPermanent
          ? ''
          : '; it may be another time, and `rekey doctor` says more';
        throw new Error(`no mail to ${notice.to} by ${way}: ${error.message}${hint}`, {
          cause: error,
        });
      } finally {
        outlet.close();
      }
      const isFile = config.smtpUrl === null;
      if (options.json)
        printJson({ id: notice.id, to: notice.to, [isFile ? 'file' : 'smtp']: way });
      else if (isFile) print(`There is no SMTP_URL: the mail to ${notice.to} is in ${way}`);
      else print(`${way} took the mail to ${notice.to}. Its Message-ID begins with ${notice.id}.`);
    });

  mail
    .command('last')
    .description('show the latest mail in MAIL_DIR, where mails go without SMTP_URL')
    .addOption(new Option('--link', 'its link alone').conflicts('json'))
    .addOption(json())
    .action(async (options: { link?: true; json?: true }) => {
      const latest = await readLatest(loadConfig());
      const { file, from, to, date, subject, text, link } = latest;
      if (options.json) printJson(latest);
      else if (!options.link) {
        print(`From: ${from}`, `To: ${to}`, `Date: ${date}`, `Subject: ${subject}`, '', text);
      } else if (link === null) throw new Error(`${file} has no link`);
      else print(link);
    });

  mail
    .command('templates')
    .description('write the templates that Rekey brings along into a new folder, to begin with')
    .addArgument(new Argument('<folder>', 'which must not be there yet'))
    .addOption(json())
    .action((folder: string, options: { json?: true }) => {
      const target = path.resolve(folder);
      if (existsSync(target)) throw new Error(`${target} is there already`);
      const files = noticeKinds.flatMap((kind) => writeTemplates(target, kind));
      if (options.json) printJson({ folder: target, files });
      else {
        print(
          `${files.length} files are in ${target}. Keep the files that you change, and delete the others:`,
          'mails without a file there are sent as before. Then set MAIL_TEMPLATES to the folder.',
        );
      }
    });
}

/** An event of now, asked for from an address that is nobody's (RFC 5737). */
function sampleOf(kind: NoticeKind, config: Config, { locale, timezone }: SampleOptions): Notice {
  const to = 'ada@example.com';
  const happenedAt = Date.now();
  const purpose = purposeOf(kind);
  return {
    id: '00000000-0000-7000-8000-000000000000',
    kind,
    to,
    locale,
    timezone,
    service: { name: 'Shop', emailText: 'Questions? We are here from nine to five.' },
    supportUrl: config.supportUrl,
    newEmail: kind === 'update_email' ? maskedEmail('eve@example.net') : null,
    key: isAboutKey(kind)
      ? { name: 'reports', prefix: 'AbCdEfGh', expiresAt: happenedAt + 7 * DAY_MS }
      : null,
    factor: null,
    happenedAt,
    origin: {
      address: '203.0.113.9',
      client: 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
    },
    link: linkTo(`${config.publicUrl}/local`, {
      type: purpose,
      email: to,
      token: NO_TOKEN,
    }),
    linkExpiresAt: happenedAt + lifeMs(purpose, settingsOf(config)),
  };
}

const isAboutKey = (kind: NoticeKind): boolean =>
  kind === 'factor_change' || kind === 'key_expiring';

/** What the link of a kind of mail is for. */
const purposeOf = (kind: NoticeKind): Purpose =>
  purposes.find((purpose) => purpose === kind) ?? 'register';

/** A mail that nobody takes for a warning. */
function testOf(to: string, config: Config, { locale }: { readonly locale: string }): Notice {
  const sample = sampleOf('update_password', config, { locale, timezone: 'UTC' });
  const emailText = 'This mail is a test of `rekey mail send`. Nothing happened to any account.';
  return {
    ...sample,
    id: uuidv7Ids({ now: Date.now }).next(),
    to,
    service: { name: `${config.brandName} (TEST)`, emailText },
  };
}

const localeOption = () =>
  new Option('--locale <locale>', "the user's language").default('en').argParser(parseLocale);

/** The mail that was written last; throws where there is none. */
async function readLatest({ smtpUrl, mailDir }: Config): Promise<ReadableMail> {
  if (smtpUrl !== null) throw new Error('SMTP_URL is set: mails are sent, and not kept here');
  const folder = path.resolve(mailDir);
  const mail = await latestMail(folder);
  if (mail === null) throw new Error(`no mail is in ${folder} yet`);
  return mail;
}

/** Writes the templates of a kind, and answers their names. */
function writeTemplates(folder: string, kind: NoticeKind): string[] {
  mkdirSync(path.join(folder, kind), { recursive: true });
  return [...builtInSources(kind)].flatMap(([language, sources]) =>
    parts.map((part) => {
      const name = path.join(kind, `${language}${suffixes[part]}`);
      writeFileSync(path.join(folder, name), `${sources[part].trimEnd()}\n`);
      return name;
    }),
  );
}

function parseLocale(text: string): string {
  try {
    return localeOf(text);
  } catch {
    throw new InvalidArgumentError('It must be a locale, such as de or pt-BR.');
  }
}
