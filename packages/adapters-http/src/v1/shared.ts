import {
  DAY_MS,
  DEFAULT_PAGE_SIZE,
  type Id,
  type IdPage,
  IllegalArgument,
  type Instant,
  MAX_PAGE_SIZE,
  parseCustomType,
} from '@rekey/domain';
import { type TStringOptions, Type } from 'typebox';
import { pathId } from '../server/path-id.ts';

/** The ids of all examples: a user is one user wherever it stands. */
const ids = {
  user: '01900000-0000-7000-8000-000000000001',
  key: '01900000-0000-7000-8000-000000000002',
  service: '01900000-0000-7000-8000-000000000003',
  entry: '01900000-0000-7000-8000-000000000004',
  session: '01900000-0000-7000-8000-000000000005',
  passkey: '01900000-0000-7000-8000-000000000006',
  webhook: '01900000-0000-7000-8000-000000000008',
  event: '01900000-0000-7000-8000-000000000007',
  link: '01900000-0000-7000-8000-000000000008',
} as const;
type Thing = keyof typeof ids;

/** The id of such a thing. */
export const idOf = (thing: Thing, description: string) =>
  Type.String({ description, format: 'uuid', examples: [ids[thing]] });

/** As one type: a union makes the serializer try its members one by one. */
export const nullable = <T>(type: string, description: string, options: object) =>
  Type.Unsafe<T | null>({ type: [type, 'null'], description, ...options });

export const nullableIdOf = (thing: Thing, description: string) =>
  nullable<string>('string', description, { format: 'uuid', examples: [ids[thing]] });

export const instant = (description: string) =>
  Type.String({ description, format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] });

export const flag = (description: string, example: boolean) =>
  Type.Boolean({ description, examples: [example] });

/** As `Date` writes an instant, which takes three times as long: an answer has a handful of them. */
export function instantOut(instant: Instant): string {
  const day = Math.floor(instant / DAY_MS);
  const ms = instant - day * DAY_MS;
  const s = Math.floor(ms / 1000);
  const minutes = Math.floor(s / 60);
  const time = `${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[s % 60]}`;
  return `${dateOf(day)}T${time}.${three[ms % 1000]}Z`;
}

/** Numbers with so many digits. */
const padded = (digits: number) =>
  Array.from({ length: 10 ** digits }, (_, number) => String(number).padStart(digits, '0'));
const two = padded(2);
const three = padded(3);

/** The dates of the last days that were written, by their number since 1970. */
const dates = new Map<number, string>();
const MAX_DATES = 1000;

function dateOf(day: number): string {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const [date = ''] = new Date(day * DAY_MS).toISOString().split('T');
  if (dates.size === MAX_DATES) dates.clear();
  dates.set(day, date);
  return date;
}

/** The path of one thing. */
export const pathOf = (thing: Thing) =>
  Type.Object({
    id: Type.String({ description: `The id of the ${thing}.`, examples: [ids[thing]] }),
  });

/** The id of the path in the body of a change: clients of mojzu/sso repeat it. */
export const repeatedId = (thing: Thing) =>
  Type.Optional(idOf(thing, `The id of the ${thing}, as in the path, where it is repeated.`));

/** The id in the path of a change; throws `IllegalArgument` where the body repeats another one. */
export function changedId(request: {
  readonly params: { readonly id: string };
  readonly body: { readonly id?: string };
}): Id {
  const id = pathId(request);
  const { id: repeated = id } = request.body;
  if (repeated.toLowerCase() !== id) throw malformed('id', 'must be the id in the path');
  return id;
}

/** The entry that a call wrote beside what it did. */
export const asked = nullableIdOf(
  'entry',
  'The entry of your own that was asked for by `audit`; null where none was.',
);

export const Audited = Type.Object({ audit: asked }, { $id: 'Audited' });

/**
 * The type of an entry of the audit that a service has written beside what a call does. The answer has the id of the entry
 * as `audit`.
 */
export const AuditAsked = Type.Optional(
  Type.String({
    description:
      'The type of an entry of your own, which the audit then has as well; not one of `sso:` or `rekey:`.',
    examples: ['shop:CheckOut'],
    parse: parseCustomType,
  }),
);

/** A field of a query: its value is what the parser makes of the text. */
export const parsed = <T>(
  options: TStringOptions & { parse: (text: string, field: string) => T },
) => Type.Unsafe<T>(Type.String(options));

/** A filter of a query that may come several times: any of its values fits. */
export const listed = <T>(
  options: TStringOptions & { parse: (text: string, field: string) => T },
) => Type.Optional(Type.Unsafe<T[]>(Type.Array(Type.String(options))));

/** The id of one such thing in a query. */
export const idIn = (thing: Thing, description: string) =>
  parsed<Id>({
    description,
    format: 'uuid',
    examples: [ids[thing]],
    parse: (text) => text.toLowerCase(),
  });

/** A filter by the ids of such things. */
export const listedIds = (thing: Thing, description: string) =>
  listed<Id>({
    description,
    format: 'uuid',
    examples: [ids[thing]],
    parse: (text) => text.toLowerCase(),
  });

/** A filter by a flag. */
export const parsedFlag = (description: string) =>
  Type.Optional(
    parsed<boolean>({
      description,
      examples: ['true'],
      parse: (text, field) => {
        if (text !== 'true' && text !== 'false') throw malformed(field, 'must be true or false');
        return text === 'true';
      },
    }),
  );

export const malformed = (field: string, message: string) =>
  new IllegalArgument([{ field, message, code: 'malformed' }]);

/** How many rows of a list are asked for: a whole number, of which the largest that is answered takes the place. */
export const limit = Type.Optional(
  parsed<number>({
    description: `At most so many rows: a whole number from 1; ${DEFAULT_PAGE_SIZE} unless given, ${MAX_PAGE_SIZE} at most.`,
    examples: [String(DEFAULT_PAGE_SIZE)],
    parse: (text, field) => {
      if (!/^0*[1-9]\d*$/.test(text)) throw malformed(field, 'must be a whole number from 1');
      return Math.min(Number(text), MAX_PAGE_SIZE);
    },
  }),
);

/** The fields of a query for a page of such things by their ids. */
export const idPage = (thing: Thing) => {
  const place = (description: string) => Type.Optional(idIn(thing, description));
  return {
    gt: place('Only rows with a greater id: the first of them.'),
    lt: place('Only rows with a smaller id: the last of them. Ascending, like every page.'),
    limit,
  };
};

/** The page that such fields ask for. */
export const idPageOf = (query: {
  readonly gt?: Id;
  readonly lt?: Id;
  readonly limit?: number;
}): IdPage => ({
  after: query.gt,
  before: query.lt,
  limit: query.limit ?? DEFAULT_PAGE_SIZE,
});

const NOT_GIVEN = 'null where it was not given.';

/** A field of `meta`: what a list was asked for. */
export const ungiven = <T>(type: string, example: T) =>
  nullable<T>(type, NOT_GIVEN, { examples: [example] });

export const ungivenId = (thing: Thing) => nullableIdOf(thing, NOT_GIVEN);

export const usedLimit = Type.Integer({
  description: 'How many rows there are at most.',
  examples: [50],
});

/** The fields of `meta` of a page of such things by their ids. */
export const idPageMeta = (thing: Thing) => ({
  gt: ungivenId(thing),
  lt: ungivenId(thing),
  limit: usedLimit,
});

/** What a page by ids was made by. */
export const idPageMetaOf = ({ after, before, limit }: IdPage) => ({
  gt: after ?? null,
  lt: before ?? null,
  limit,
});
