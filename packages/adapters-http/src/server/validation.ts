import { IllegalArgument, type Violation, type ViolationCode } from '@rekey/domain';
import type { FastifySchemaCompiler } from 'fastify';
import { type TObject, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Value } from 'typebox/value';
import type { HttpOptions } from './deps.ts';
import { refusedFields } from './problem.ts';

type Settings = Pick<HttpOptions, 'passwordPolicy'>;
type Fields = Readonly<Record<string, unknown>>;

/** The rules that a schema has beyond JSON Schema. Both throw `IllegalArgument`; the use case checks them as well. */
export type Rules = {
  /** Of a field: the domain's parser of its text. */
  readonly parse?: (text: string, field: string, settings: Settings) => unknown;
  /** Of a body: a rule about several fields, of which some may be missing. */
  readonly check?: (fields: Fields) => void;
};

/** A request with more fields has too many, whatever they are: each refused field costs a line of the answer. */
export const MAX_FIELDS = 50;

/** Fields that were not sent properly, beside those that were. */
export class FaultyFields {
  readonly fields: Fields;
  readonly violations: readonly Violation[];
  /** All texts of each field that comes twice and has no other fault: a query has lists in that way. */
  readonly lists: Readonly<Record<string, readonly string[]>>;

  constructor(fields: Fields, violations: readonly Violation[], lists: FaultyFields['lists'] = {}) {
    this.fields = fields;
    this.violations = violations;
    this.lists = lists;
  }
}

/**
 * Checks bodies and queries to the letter: nothing is added, dropped or converted, but that `null` for an optional field
 * counts as not sent, and that the values of a query, which is text, come from the parsers of its fields. Every refused field is named at once. Where a body has a field
 * that is missing, unknown or of another type, the rules of its other fields are checked here; otherwise the use case
 * checks them alone.
 */
export function strictValidator(settings: Settings): FastifySchemaCompiler<TObject> {
  return ({ schema, httpPart }) => {
    const isQuery = httpPart === 'querystring';
    // Built for the first body, so that a server starts without it.
    let compiled: Validator | null = null;
    const isGood = (body: unknown): boolean => {
      if (isQuery || body instanceof FaultyFields) return false;
      compiled ??= Compile(schema);
      return compiled.Check(body);
    };
    const taken = (body: unknown) => (isStrict(schema) ? body : declared(schema, body as Fields));
    const mayBeEmpty = isQuery && examine(schema, {}, settings, isQuery).violations.length === 0;
    return (sent: unknown) => {
      // A request without a body lacks every field.
      const given = sent ?? {};
      // Nearly every query is empty.
      if (mayBeEmpty && Object.keys(given).length === 0) return { value: given };
      if (isGood(given)) return { value: taken(given) };
      // Looked for where something is wrong: hardly anybody sends them.
      const body = isQuery ? given : withoutNulls(schema, given);
      if (body !== given && isGood(body)) return { value: taken(body) };
      const { violations, values } = examine(schema, body, settings, isQuery);
      return violations.length > 0 ? { error: refusedFields(violations) } : { value: values };
    };
  };
}

/** Whether a field that is not declared is refused; otherwise it is passed over, and nobody gets to see it. */
const isStrict = (schema: TObject): boolean => 'additionalProperties' in schema;

const declared = (schema: TObject, fields: Fields): Fields =>
  Object.fromEntries(
    Object.keys(schema.properties)
      .filter((field) => Object.hasOwn(fields, field))
      .map((field) => [field, fields[field]]),
  );

type Examined = { readonly violations: readonly Violation[]; readonly values: Fields };

function examine(
  schema: TObject & Rules,
  body: unknown,
  settings: Settings,
  isQuery: boolean,
): Examined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { violations: [violation('body', 'must be an object', 'malformed')], values: {} };
  }
  const {
    fields,
    violations: faults,
    lists,
  } = body instanceof FaultyFields ? body : new FaultyFields(body as Fields, []);
  const isList = (field: string) => Type.IsArray(schema.properties[field]) && field in lists;
  const violations = faults.filter(({ field }) => !isList(field));
  const faulty = new Set(violations.map(({ field }) => field));
  const sound: Record<string, unknown> = {};
  const values: Record<string, unknown> = {};

  const known = Object.entries(schema.properties).flatMap(([field, type]) => {
    if (faulty.has(field)) return [];
    if (!Object.hasOwn(fields, field)) {
      const isRequired = schema.required?.includes(field);
      return isRequired ? [violation(field, 'is required', 'required')] : [];
    }
    const value = isQuery && Type.IsArray(type) ? (lists[field] ?? [fields[field]]) : fields[field];
    if (value === '' && 'minLength' in type) {
      return [violation(field, 'must not be empty', 'too_short')];
    }
    if (!Value.Check(type, value)) {
      return [violation(field, `must be ${nameOf(type)}`, 'malformed')];
    }
    sound[field] = value;
    const { parse = (text) => text }: Rules = Type.IsArray(type) ? type.items : type;
    return refusalsOf(() => {
      values[field] = Array.isArray(value)
        ? value.map((each) => parse(each, field, settings))
        : parse(value as string, field, settings);
    });
  });
  const crossed = refusalsOf(() => schema.check?.(sound));
  const others = isStrict(schema) ? Object.keys(fields) : [];
  const unknown = others
    .filter((field) => !Object.hasOwn(schema.properties, field) && !faulty.has(plainName(field)))
    .map((field) => violation(field, 'is not a known field', 'unknown'));
  return { violations: [...violations, ...known, ...crossed, ...unknown], values };
}

function refusalsOf(rule: () => void): readonly Violation[] {
  try {
    rule();
    return [];
  } catch (error) {
    if (!(error instanceof IllegalArgument)) throw error;
    return error.violations;
  }
}

/** What was sent without the optional fields that are null, in objects within it too. */
function withoutNulls(schema: TSchema, sent: unknown): unknown {
  if (!Type.IsObject(schema) || typeof sent !== 'object' || sent === null) return sent;
  if (sent instanceof FaultyFields) {
    const fields = withoutNulls(schema, sent.fields) as Fields;
    return fields === sent.fields ? sent : new FaultyFields(fields, sent.violations, sent.lists);
  }
  let kept: Record<string, unknown> | null = null;
  for (const [field, type] of Object.entries(schema.properties)) {
    const value = (sent as Fields)[field];
    if (value === undefined) continue;
    const isUnsent = value === null && schema.required?.includes(field) !== true;
    const given = isUnsent ? undefined : withoutNulls(type, value);
    if (given === value) continue;
    kept ??= { ...sent };
    if (given === undefined) delete kept[field];
    else kept[field] = given;
  }
  return kept ?? sent;
}

function nameOf(type: TSchema): string {
  if (Type.IsEnum(type)) return `one of ${type.enum.join(', ')}`;
  if (Type.IsBoolean(type)) return 'true or false';
  if (Type.IsArray(type)) return 'a list';
  if ('type' in type && type.type === 'object') return 'an object';
  if (Type.IsInteger(type)) return `a whole number${rangeOf(type)}`;
  return formats['format' in type ? String(type.format) : ''] ?? 'a string';
}

const rangeOf = (type: TSchema): string =>
  'minimum' in type && 'maximum' in type
    ? ` from ${String(type.minimum)} to ${String(type.maximum)}`
    : '';

const formats: Readonly<Record<string, string>> = {
  uuid: 'a UUID',
  'date-time': 'a time as in RFC 3339',
};

/** A refusal of something that was sent under that name. */
export const violation = (name: string, message: string, code: ViolationCode): Violation => ({
  field: plainName(name),
  message,
  code,
});

/** Callers may have put a value where a name belongs: only a text that looks like a name is repeated. */
const plainName = (text: string) => (/^[A-Za-z_]\w{0,39}$/.test(text) ? text : '(unnamed)');
