import type { Source } from '@rekey/usecases';
import { users } from './sources/users.ts';

/** The systems that users come from, by the names that the command line has for them. */
export const sources: Readonly<Record<string, Source>> = { users };
