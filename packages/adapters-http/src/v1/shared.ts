import { type Id, isId, NotFound } from '@rekey/domain';
import { type TStringOptions, Type } from 'typebox';

/** The ids of all examples: a user is one user wherever it stands. */
const ids = {
  user: '01900000-0000-7000-8000-000000000001',
  key: '01900000-0000-7000-8000-000000000002',
  service: '01900000-0000-7000-8000-000000000003',
  entry: '01900000-0000-7000-8000-000000000004',
  session: '01900000-0000-7000-8000-000000000005',
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

export const instantOut = (milliseconds: number) => new Date(milliseconds).toISOString();

/** The path of one thing. */
export const pathOf = (thing: Thing) =>
  Type.Object({
    id: Type.String({ description: `The id of the ${thing}.`, examples: [ids[thing]] }),
  });

/** The id in a path, in either case. A text that is no id is not found, like an id that nothing has. */
export function pathId({ params }: { readonly params: { readonly id: string } }): Id {
  const id = params.id.toLowerCase();
  if (!isId(id)) throw new NotFound();
  return id;
}

export const Audited = Type.Object(
  { audit: idOf('entry', 'The entry of the audit that says so.') },
  { $id: 'Audited' },
);

/** A field of a query: its value is what the parser makes of the text. */
export const parsed = <T>(
  options: TStringOptions & { parse: (text: string, field: string) => T },
) => Type.Unsafe<T>(Type.String(options));
