import type { Violation } from '@rekey/domain';
import type { FastifySchemaCompiler } from 'fastify';
import { type TObject, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { refusedFields } from './problem.ts';

/**
 * Checks flat bodies to the letter: nothing is converted, added or dropped,
 * and every bad field is named at once, with one reason.
 */
export const strictValidator: FastifySchemaCompiler<TObject> = ({ schema }) => {
  const compiled = Compile(schema);
  return (body: unknown) => {
    // A request without a body lacks every field.
    const fields = body ?? {};
    if (compiled.Check(fields)) return { value: fields };
    return { error: refusedFields(violations(schema, fields)) };
  };
};

function violations(schema: TObject, body: unknown): Violation[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return [{ field: 'body', message: 'must be an object' }];
  }
  const known = Object.entries(schema.properties).flatMap(([field, type]) => {
    if (!Object.hasOwn(body, field)) {
      return schema.required?.includes(field) ? [{ field, message: 'is required' }] : [];
    }
    const value = (body as Record<string, unknown>)[field];
    return Value.Check(type, value) ? [] : [{ field, message: `must be ${nameOf(type)}` }];
  });
  const unknown = Object.keys(body)
    .filter((field) => !Object.hasOwn(schema.properties, field))
    .map((field) => ({ field: plainName(field), message: 'is not a known field' }));
  return [...known, ...unknown];
}

function nameOf(type: TSchema): string {
  if (Type.IsEnum(type)) return `one of ${type.enum.join(', ')}`;
  if (Type.IsBoolean(type)) return 'true or false';
  if ('description' in type) return String(type.description);
  if ('format' in type) return type.format === 'uuid' ? 'a UUID' : 'a time as in RFC 3339';
  return 'a string';
}

/** Callers may have put a value where a name belongs: only what looks like a name is repeated. */
export function plainName(field: string): string {
  return /^[A-Za-z_]\w{0,39}$/.test(field) ? field : '(unnamed)';
}
