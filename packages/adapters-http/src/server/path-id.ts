import { type Id, isId, NotFound } from '@rekey/domain';

/** The id in a path, in either case. A text that is no id is not found, like an id that nothing has. */
export function pathId({ params }: { readonly params: { readonly id: string } }): Id {
  const id = params.id.toLowerCase();
  if (!isId(id)) throw new NotFound();
  return id;
}
