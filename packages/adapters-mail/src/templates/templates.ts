import { builtInSources } from './built-in.ts';
import { languages } from './languages.ts';
import { type Part, parseTemplate, parts, type Template } from './template.ts';

/** The templates of a mail, in the language that suits a user. */
export type Templates = (locale: string) => Record<Part, Template> & {
  /** For dates: those of another language than the text around them would only confuse. */
  readonly locale: string;
  /** What stands for a value that is not there. */
  readonly unknown: string;
};

/** For one locale, those parts that somebody wrote anew. */
export type Overrides = ReadonlyMap<string, Partial<Record<Part, Template>>>;

/** Templates of one's own where there are some, and else those that Rekey brings along; English where it speaks neither. */
export function templatesOf(overrides: Overrides = new Map()): Templates {
  const builtIn = new Map(
    [...builtInSources()].map(([language, sources]) => [language, parseAll(sources)]),
  );
  const find = (tags: readonly string[], part: Part): Template | undefined =>
    tags
      .map((tag) => overrides.get(tag)?.[part] ?? builtIn.get(tag)?.[part])
      .find((template) => template !== undefined);

  return (wanted) => {
    const own = tagsOf(wanted);
    const isSpoken = parts.every((part) => find(own, part));
    const tags = isSpoken ? own : ['en'];
    const get = (part: Part): Template => find(tags, part) ?? [];
    return {
      locale: isSpoken ? wanted : 'en',
      unknown: languages.get(tags.at(-1) ?? '')?.unknown ?? '–',
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

function parseAll(sources: Readonly<Record<Part, string>>): Record<Part, Template> {
  const parse = (part: Part) => parseTemplate(sources[part], part).template;
  return { subject: parse('subject'), text: parse('text'), html: parse('html') };
}
