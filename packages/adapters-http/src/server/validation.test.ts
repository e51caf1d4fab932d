import { IllegalArgument } from '@rekey/domain';
import { type TObject, Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { parseForm } from './form.ts';
import { strictValidator } from './validation.ts';

/** What a request part becomes, or the codes of its refusals by field. */
function judge(schema: TObject, sent: unknown, httpPart = 'body'): unknown {
  const validate = strictValidator({ passwordPolicy: 'compat' })({
    schema,
    httpPart,
    method: 'POST',
    url: '/',
  } as never) as (sent: unknown) => { value?: unknown; error?: { errors: { field: string }[] } };
  const { value, error } = validate(sent);
  if (!error) return value;
  return Object.fromEntries(
    error.errors.map((each) => [each.field, (each as unknown as { code: string }).code]),
  );
}

const strict = { additionalProperties: false };
const Inner = Type.Object({ a: Type.String(), b: Type.Optional(Type.String()) }, strict);

describe('null in a body', () => {
  const Body = Type.Object(
    { name: Type.String(), locale: Type.Optional(Type.String()), inner: Type.Optional(Inner) },
    strict,
  );

  it('counts as not sent for an optional field', () => {
    expect(judge(Body, { name: 'Ada', locale: null })).toStrictEqual({ name: 'Ada' });
    expect(judge(Body, { name: 'Ada', inner: null })).toStrictEqual({ name: 'Ada' });
  });

  it('counts as not sent for an optional field within an object', () => {
    const sent = { name: 'Ada', inner: { a: 'x', b: null } };
    expect(judge(Body, sent)).toStrictEqual({ name: 'Ada', inner: { a: 'x' } });
  });

  it('is malformed for a field that is required', () => {
    expect(judge(Body, { name: null, locale: null })).toEqual({ name: 'malformed' });
    expect(judge(Body, { name: 'Ada', inner: { a: null } })).toEqual({ inner: 'malformed' });
  });

  it('is unknown for a field that is not declared', () => {
    expect(judge(Body, { name: 'Ada', extra: null })).toEqual({ extra: 'unknown' });
  });

  it('changes nothing of what was sent', () => {
    const sent = { name: 'Ada', locale: null };
    judge(Body, sent);
    expect(sent).toEqual({ name: 'Ada', locale: null });
  });
});

describe('a list in a query', () => {
  const parse = (text: string) => text.toUpperCase();
  const Query = Type.Object(
    {
      type: Type.Optional(Type.Array(Type.String({ parse }))),
      limit: Type.Optional(Type.String()),
    },
    strict,
  );
  const query = (text: string) => judge(Query, parseForm(text), 'querystring');

  it('has one value where the field comes once, and all of them in their order where it comes more often', () => {
    expect(query('type=a')).toEqual({ type: ['A'] });
    expect(query('type=b&limit=1&type=a')).toEqual({ type: ['B', 'A'], limit: '1' });
    expect(query('')).toEqual({});
  });

  it('is the only field that may come twice', () => {
    expect(query('limit=1&limit=1&type=a&type=a')).toEqual({ limit: 'repeated' });
  });
});

describe('an empty query', () => {
  const query = (schema: TObject) => judge(schema, parseForm(''), 'querystring');

  it('is good where no field is required', () => {
    expect(query(Type.Object({ token: Type.Optional(Type.String()) }, strict))).toEqual({});
  });

  it('lacks every field that is required', () => {
    const required = Type.Object({ id: Type.String(), token: Type.String() }, strict);
    expect(query(required)).toEqual({ id: 'required', token: 'required' });
  });

  it('is refused by a rule of several fields', () => {
    const check = () => {
      throw new IllegalArgument([{ field: 'id', message: 'or token', code: 'required' }]);
    };
    expect(query(Type.Object({ id: Type.Optional(Type.String()) }, { check }))).toEqual({
      id: 'required',
    });
  });
});
