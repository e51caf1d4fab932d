import { html } from '@rekey/wording';

/** Every value that a template can have. The user's name is none: anyone may register a stranger's address under any name. */
const placeholders = [
  'service',
  'account',
  'newemail',
  'factor',
  'key',
  'expires',
  'when',
  'address',
  'device',
  'client',
  'link',
  'host',
  'until',
  'note',
  'support',
  'brand',
  'color',
  'logo',
] as const;
type Placeholder = (typeof placeholders)[number];

/** The values that not every mail has; a section of that name is left out with its value. */
export const optional = [
  'newemail',
  'factor',
  'key',
  'expires',
  'address',
  'client',
  'note',
  'support',
  'logo',
] as const satisfies readonly Placeholder[];

/** Where one of these is missing, a word stands for it that says so. */
const measured: ReadonlySet<Placeholder> = new Set(['address', 'client']);

export const parts = ['subject', 'text', 'html'] as const;
export type Part = (typeof parts)[number];

/** The text for each placeholder; undefined for an optional one that is missing. */
export type Values = Readonly<Record<Placeholder, string | undefined>>;

export type Template = readonly Piece[];

/** Text as it is, or the place of a value; a piece of a section is left out where the value of that name is missing. */
type Piece = {
  readonly text: string;
  readonly value: Placeholder | null;
  readonly section: Placeholder | null;
};

/** A fault in a template; lines are counted from 1. */
type Fault = { readonly line: number; readonly message: string };

const MARK = /\{\{(?:(?<sign>[#/]?)(?<name>[a-z]+)\}\})?/g;

/**
 * Reads a template: text with `{{name}}` in it, and `{{#name}}…{{/name}}` around text that is only for a value that is there.
 * `hasLink`: whether its kind of mail has a link, which must not be missing then.
 * Anything else that starts with two braces is a fault: a template without faults can neither fail nor leave a hole in a mail.
 */
export function parseTemplate(
  text: string,
  part: Part,
  { hasLink = true } = {},
): { readonly template: Template; readonly faults: readonly Fault[] } {
  const known: readonly string[] = part === 'subject' ? ['service'] : placeholders;
  const sections: readonly string[] = part === 'subject' ? [] : optional;
  // An editor ends the one line of a subject with a line break.
  const source = part === 'subject' ? text.trimEnd() : text;
  const faults: Fault[] = [];
  const pieces: Piece[] = [];
  let section: Placeholder | null = null;
  let end = 0;
  const blame = (index: number, message: string) =>
    faults.push({ line: source.slice(0, index).split('\n').length, message });

  for (const match of source.matchAll(MARK)) {
    const { sign, name = '' } = match.groups ?? {};
    pieces.push({ text: source.slice(end, match.index), value: null, section });
    end = match.index + match[0].length;
    if (sign === undefined) {
      blame(match.index, 'has {{ without a name and }} after it');
    } else if (sign === '' && known.includes(name)) {
      pieces.push({ text: '', value: name as Placeholder, section });
    } else if (sign === '#' && sections.includes(name) && section === null) {
      section = name as Placeholder;
    } else if (sign === '/' && section === name) {
      section = null;
    } else {
      blame(match.index, `${misplaced(match[0], sign, section)} ${listOf(known, sections)}`);
    }
  }
  pieces.push({ text: source.slice(end), value: null, section });
  if (section !== null) blame(source.length, `lacks {{/${section}}}`);

  const isLinked = pieces.some((piece) => piece.value === 'link' && piece.section === null);
  if (hasLink && part !== 'subject' && !isLinked)
    blame(0, 'lacks {{link}}, outside of any section');
  if (part === 'html') {
    for (const tag of source.matchAll(/<[a-z][^>]*>/gi)) {
      const bare = tag[0].replaceAll(/"[^"]*"|'[^']*'/g, '');
      if (bare.includes('{{')) blame(tag.index, 'has a value in a tag without quotes around it');
    }
  }
  if (part === 'subject' && (source === '' || /\p{C}/u.test(source))) {
    blame(0, 'must have one line of text');
  }
  return { template: pieces, faults };
}

function misplaced(mark: string, sign: string, section: Placeholder | null): string {
  if (sign === '/') return `has ${mark}, which closes nothing;`;
  if (sign === '#' && section !== null) return `has ${mark} inside of {{#${section}}};`;
  return `has ${mark}, which is not known;`;
}

function listOf(known: readonly string[], sections: readonly string[]): string {
  const marks = [
    ...known.map((name) => `{{${name}}}`),
    ...sections.map((name) => `{{#${name}}}…{{/${name}}}`),
  ];
  return `it may have ${marks.join(', ')}`;
}

/** The text of a template; `absent` stands for a value that is missing. In HTML every value is escaped. */
export function fill(template: Template, part: Part, values: Values, absent: string): string {
  const shown = (value: Placeholder) => {
    const text = values[value] ?? (measured.has(value) ? absent : '');
    return part === 'html' ? html`${text}`.html.replaceAll('\n', '<br>\n') : text;
  };
  return template
    .filter(({ section }) => section === null || values[section] !== undefined)
    .map(({ text, value }) => (value === null ? text : shown(value)))
    .join('');
}
