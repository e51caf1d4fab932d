import fastJson from 'fast-json-stringify';
import type { FastifySerializerCompiler } from 'fastify';
import type { TSchema } from 'typebox';

/**
 * Writes an answer by its schema, so that nothing leaves that is not described. A writer is built for its first answer:
 * the hundreds of them are a third of a server's start, and most of the refusals among them are never sent.
 */
export const writers: FastifySerializerCompiler<TSchema> = ({ schema }) => {
  let write: ((answer: unknown) => string) | null = null;
  return (answer) => {
    write ??= fastJson(schema);
    return write(answer);
  };
};
