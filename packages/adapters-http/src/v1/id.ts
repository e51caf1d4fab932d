import { type Id, NotFound } from '@rekey/domain';
import { Type } from 'typebox';

export const IdParams = Type.Object({ id: Type.String() });

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The id in a path, in either case. What is no id is not found, like an id that nothing has. */
export function idOf({ params }: { readonly params: { readonly id: string } }): Id {
  const id = params.id.toLowerCase();
  if (!UUID.test(id)) throw new NotFound();
  return id;
}
