/** A UUID (version 7, RFC 9562) as lower-case text. */
export type Id = string;

/** The pattern of an id in a regular expression. */
export const ID_PATTERN = '[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}';

const ID = new RegExp(`^${ID_PATTERN}$`);

/** Whether a text has the form of an id. */
export const isId = (text: string): boolean => ID.test(text);

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;
