import type { NoticeKind } from '@rekey/domain';
import { commonWords, languages, notices } from '@rekey/wording';
import { htmlOf, textOf } from './layout.ts';
import { mailWords } from './mail-words.ts';
import type { Part } from './template.ts';

/** The templates of a kind of notice that Rekey brings along, by language, as an operator could write them. */
export function builtInSources(
  kind: NoticeKind,
): ReadonlyMap<string, Readonly<Record<Part, string>>> {
  return new Map(
    languages.map((language) => {
      const notice = notices[kind][language];
      const words = { ...commonWords[language], ...mailWords[language] };
      return [
        language,
        {
          subject: notice.subject('{{service}}'),
          text: textOf(words, notice),
          html: htmlOf(language, words, notice),
        },
      ];
    }),
  );
}
