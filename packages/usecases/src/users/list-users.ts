import {
  type Actor,
  canonicalEmail,
  FIRST_ID,
  folded,
  type Id,
  IllegalArgument,
  LAST_ID,
  parseSearch,
  type SeenUser,
  type UserPage,
  type Violation,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { viewerOf } from '../shared/viewer.ts';

type Needs = Pick<Ports, 'database'>;

export type ListUsersInput = {
  readonly limit: number;
  /** Only ids after that one: the first of them. */
  readonly gt?: Id | undefined;
  /** Only ids before that one: the last of them, unless something else says where to begin. */
  readonly lt?: Id | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
  /** The `next` of the page before. */
  readonly after?: Id | undefined;
  /** Only names from that one on; with `offsetId`, after the user with that id among those of the name. */
  readonly nameGe?: string | undefined;
  /** Only names up to that one: the last of them, unless `nameGe` is given; `offsetId` as there, before the user. */
  readonly nameLe?: string | undefined;
  readonly offsetId?: Id | undefined;
  readonly ids?: readonly Id[] | undefined;
  /** In any spelling. */
  readonly emails?: readonly string[] | undefined;
  readonly isEnabled?: boolean | undefined;
  /** The beginning of a name or an address, in any case. */
  readonly search?: string | undefined;
};

type Listed = {
  /** Ascending, unless asked for in the other order. */
  readonly users: SeenUser[];
  /** The `after` of the next page by id; null on the last page, and on one of the last rows before an id. */
  readonly next: Id | null;
};

/** Lists the users that a service sees, or all of them, by id or by name. */
export class ListUsers {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /** Ids of others, and of nobody, are mere places in a list. Throws `IllegalArgument` for a mix of two orders. */
  async execute(actor: Actor, input: ListUsersInput): Promise<Listed> {
    const viewer = viewerOf(actor);
    const seesAll = actor.kind !== 'service' || actor.service.seesAllUsers;
    const { limit, ids, isEnabled } = input;
    const { page, isTurned } =
      input.nameGe === undefined && input.nameLe === undefined ? byId(input) : byName(input);
    const search = input.search === undefined ? undefined : searchFor(input.search);
    // An address that is none is nobody's.
    const emails = input.emails?.flatMap((text) => canonicalEmail(text) ?? []);

    const found = await this.#ports.database.read(({ users }) =>
      users.list({
        // One more, to see whether there are more.
        page: { ...page, limit: limit + 1 },
        seenBy: seesAll ? null : viewer,
        attributesOf: viewer,
        ids,
        emails,
        isEnabled,
        search,
      }),
    );
    const rows = found.slice(0, limit);
    if (isTurned) return { users: rows.toReversed(), next: null };
    const goesOn = page.by === 'id' && found.length > limit;
    return { users: rows, next: goesOn ? (rows.at(-1)?.id ?? null) : null };
  }
}

type Page = {
  readonly page: UserPage;
  /** Whether it begins at the end, and is answered ascending all the same. */
  readonly isTurned: boolean;
};

function byId({ limit, gt, lt, order = 'asc', after, offsetId }: ListUsersInput): Page {
  if (offsetId !== undefined) {
    throw refused('offsetId', 'goes with nameGe or nameLe');
  }
  const isDescending = order === 'desc';
  const isTurned = !isDescending && lt !== undefined && gt === undefined && after === undefined;
  return {
    page: {
      by: 'id',
      limit,
      beginsAtEnd: isDescending || isTurned,
      after: isDescending ? gt : greatest(gt, after),
      before: isDescending ? least(lt, after) : lt,
    },
    isTurned,
  };
}

function byName(input: ListUsersInput): Page {
  const { limit, nameGe, nameLe, offsetId } = input;
  const others = (['gt', 'lt', 'after', 'order'] as const).filter(
    (field) => input[field] !== undefined,
  );
  if (others.length > 0) {
    throw new IllegalArgument(others.map((field) => violation(field, 'is of a list by id')));
  }
  const isTurned = nameGe === undefined;
  return {
    page: {
      by: 'name',
      limit,
      beginsAtEnd: isTurned,
      after: nameGe === undefined ? undefined : { name: folded(nameGe), id: offsetId ?? FIRST_ID },
      before:
        nameLe === undefined
          ? undefined
          : { name: folded(nameLe), id: (isTurned ? offsetId : undefined) ?? LAST_ID },
    },
    isTurned,
  };
}

/** An address is found by its beginning however its domain is written, if it is whole. */
function searchFor(text: string) {
  parseSearch(text);
  return { name: folded(text), email: folded(canonicalEmail(text) ?? text) };
}

const greatest = (one: Id | undefined, other: Id | undefined): Id | undefined =>
  one === undefined || (other !== undefined && other > one) ? other : one;

const least = (one: Id | undefined, other: Id | undefined): Id | undefined =>
  one === undefined || (other !== undefined && other < one) ? other : one;

const violation = (field: string, message: string): Violation => ({
  field,
  message,
  code: 'not_allowed',
});

const refused = (field: string, message: string) =>
  new IllegalArgument([violation(field, message)]);
