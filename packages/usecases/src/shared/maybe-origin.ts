import { parseWebOrigin } from '@rekey/domain';

/** The origin that somebody names for a page; nobody has to. Throws `IllegalArgument`. */
export const maybeOrigin = (origin: string | undefined): string | undefined =>
  origin === undefined ? undefined : parseWebOrigin(origin);
