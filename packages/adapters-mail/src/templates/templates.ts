import { hasLink, type NoticeKind } from '@rekey/domain';
import { type Language, languageOf } from '@rekey/wording';
import { builtInSources } from './built-in.ts';
import { type Part, parseTemplate, parts, type Template } from './template.ts';

/** The templates of a kind of notice, in the language that suits a locale. */
export type Templates = (
  kind: NoticeKind,
  locale: string,
) => Record<Part, Template> & {
  /** For dates: those of another language than the text around them would only confuse. */
  readonly locale: string;
  /** Null where Rekey does not speak it. */
  readonly language: Language | null;
};

/** The parts that an operator wrote anew, by kind and locale. */
export type Overrides = ReadonlyMap<
  NoticeKind,
  ReadonlyMap<string, Partial<Record<Part, Template>>>
>;

/** The operator's templates where there are some, and else the built-in ones; English where neither has the language. */
export function templatesOf(overrides: Overrides = new Map()): Templates {
  return (kind, wanted) => {
    const find = (tags: readonly string[], part: Part): Template | undefined =>
      tags
        .map(
          (tag) => overrides.get(kind)?.get(tag)?.[part] ?? builtInTemplates(kind).get(tag)?.[part],
        )
        .find((template) => template !== undefined);
    const own = tagsOf(wanted);
    const isSpoken = parts.every((part) => find(own, part));
    const tags = isSpoken ? own : ['en'];
    const get = (part: Part): Template => find(tags, part) ?? [];
    return {
      locale: isSpoken ? wanted : 'en',
      language: languageOf(tags.at(-1) ?? '')?.language ?? null,
      subject: get('subject'),
      text: get('text'),
      html: get('html'),
    };
  };
}

/** A locale and what is left of it when one subtag after another is taken off (RFC 4647, 3.4): de-CH-1996, de-CH, de. */
export function tagsOf(locale: string): string[] {
  try {
    const subtags = new Intl.Locale(locale).baseName.split('-');
    return subtags.map((_, index) => subtags.slice(0, subtags.length - index).join('-'));
  } catch {
    return [];
  }
}

type LanguageTemplates = ReadonlyMap<string, Record<Part, Template>>;
const builtIn = new Map<NoticeKind, LanguageTemplates>();

/** Read when a mail of that kind is composed for the first time: most commands compose none. */
function builtInTemplates(kind: NoticeKind): LanguageTemplates {
  const known = builtIn.get(kind);
  if (known) return known;
  const templates = new Map(
    [...builtInSources(kind)].map(([language, sources]) => {
      const parse = (part: Part) =>
        parseTemplate(sources[part], part, { hasLink: hasLink(kind) }).template;
      return [language, { subject: parse('subject'), text: parse('text'), html: parse('html') }];
    }),
  );
  builtIn.set(kind, templates);
  return templates;
}
