/** A UUID (version 7, RFC 9562) as lower-case text. */
export type Id = string;

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;
