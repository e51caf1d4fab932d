import {
  type Id,
  isId,
  NotFound,
  operator,
  parseEmail,
  type Service,
  type User,
} from '@rekey/domain';
import type { UseCases } from '@rekey/usecases';
import { InvalidArgumentError } from 'commander';
import { checked } from './common.ts';

/** Checks an argument that names a user: by its id, or by its e-mail address in any spelling. */
export const userName = (text: string): string =>
  isId(text.toLowerCase()) ? text.toLowerCase() : checked(parseEmail)(text);

/** Checks an argument that is the id of such a thing. */
export const idOf =
  (thing: string) =>
  (text: string): Id => {
    if (isId(text.toLowerCase())) return text.toLowerCase();
    throw new InvalidArgumentError(`It must be the id of a ${thing}.`);
  };

/** The user whom an argument names. Throws where there is none. */
export async function userNamed({ users }: UseCases, name: string): Promise<User> {
  const found = isId(name)
    ? await users.readUser.execute(operator, { id: name }).catch(orNull)
    : (await users.listUsers.execute(operator, { emails: [name], limit: 1 })).users[0];
  if (!found) throw new Error(`there is no user ${name}`);
  return found;
}

/** The service that an argument names. Throws where there is none. */
export async function serviceNamed({ services }: UseCases, id: Id): Promise<Service> {
  const found = await services.readService.execute(operator, { id }).catch(orNull);
  if (!found) throw new Error(`there is no service ${id}`);
  return found;
}

function orNull(error: unknown): null {
  if (error instanceof NotFound) return null;
  throw error;
}
