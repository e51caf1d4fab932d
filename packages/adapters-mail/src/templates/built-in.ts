import type { Purpose } from '@rekey/domain';
import { commonWords, languages, notices } from '@rekey/wording';
import { htmlOf, textOf } from './layout.ts';
import { mailWords } from './mail-words.ts';
import type { Part } from './template.ts';

/** The templates of a kind of notice that Rekey brings along, by language, as an operator could write them. */
export function builtInSources(kind: Purpose): ReadonlyMap<string, Readonly<Record<Part, string>>> {
  return new Map(
    languages.map((language) => {
      const words = {
        ...commonWords[language],
        ...mailWords[language],
        ...notices[kind][language],
      };
      return [
        language,
        {
          subject: words.subject('{{service}}'),
          text: textOf(words),
          html: htmlOf(language, words),
        },
      ];
    }),
  );
}
