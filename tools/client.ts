/** As much of an OpenAPI document as ours uses. */
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: { readonly 200?: { readonly content: Content } };
};

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
};

const HEADER = `// Generated from the description of the API; \`npx -y pnpm@12 run openapi\` renews it.

import type { Call } from './call.ts';
`;

/** The source of the client's types, and of the table of its calls. */
export function clientSource({ paths, components }: Document): string {
  const types = Object.entries(components.schemas).map(
    ([name, schema]) => `export type ${name} = ${typeOf(schema)};`,
  );
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const methodOf = (operation: Operation, answer: string) =>
    `/** ${operation.summary}. */\n${operation.operationId}(${inputOf(operation)}): ${answer};`;
  const methods = calls.map(({ operation }) =>
    methodOf(operation, `Promise<${answerOf(operation)}>`),
  );
  const lists = calls
    .filter(({ operation }) => listed(operation) !== null)
    .map(({ operation }) =>
      methodOf(operation, `AsyncGenerator<${answerOf(operation)}['data'][number], void>`),
    );
  const rows = calls.map(
    ({ path, method, operation }) =>
      `${operation.operationId}: { method: '${method.toUpperCase()}', path: '${path}', takes: ${takes(operation)}, proof: ${proof(operation)}, listed: ${quoted(listed(operation))} },`,
  );
  return [
    HEADER,
    ...types,
    '/** A method for each call. */',
    `export type Api = {\n${indent(methods)}\n};`,
    '/** The lists that come in pages: each row of them, from the first page to the last. */',
    `export type Each = {\n${indent(lists)}\n};`,
    '/** How each call is made. */',
    `export const calls = {\n${indent(rows)}\n} as const;`,
    '',
  ].join('\n');
}

function inputOf({ parameters: all = [], requestBody }: Operation): string {
  const more = 'call?: Call';
  const parameters = all.filter((each) => each.in === 'path' || !requestBody);
  const parts = [
    ...(requestBody ? [typeOf(contentOf(requestBody.content))] : []),
    ...(parameters.some((each) => each.in !== 'header') ? [typeOf(objectOf(parameters))] : []),
  ];
  if (parts.length === 0) return `input?: undefined, ${more}`;
  const isNeeded = requestBody?.required || parameters.some((each) => each.required);
  return `input${isNeeded ? '' : '?'}: ${parts.join(' & ')}, ${more}`;
}

/** What has a place in the path or the query. */
function objectOf(parameters: NonNullable<Operation['parameters']>): Schema {
  const placed = parameters.filter((each) => each.in !== 'header');
  const required = placed.filter((each) => each.required).map(({ name }) => name);
  const properties = Object.fromEntries(placed.map(({ name, schema }) => [name, schema]));
  return { type: 'object', required, properties };
}

/** How a list goes on: by ids, by names or by time; null for what is no list in pages. */
function listed({ parameters = [] }: Operation): 'id' | 'name' | 'time' | null {
  const has = (name: string) => parameters.some((each) => each.name === name);
  if (!has('limit')) return null;
  if (has('name_ge')) return 'name';
  if (has('offset_id')) return 'time';
  return has('gt') ? 'id' : null;
}

const quoted = (text: string | null) => (text === null ? 'null' : `'${text}'`);

const takes = ({ requestBody }: Operation): string => {
  if (!requestBody) return 'null';
  return 'application/json' in requestBody.content ? "'json'" : "'form'";
};

function proof({ security }: Operation): string {
  if (security.length === 0) return 'null';
  return security.some((scheme) => 'accessToken' in scheme) ? "'token'" : "'key'";
}

const answerOf = ({ responses: { 200: ok } }: Operation): string =>
  ok === undefined ? 'void' : typeOf(contentOf(ok.content));

function contentOf(content: Content): Schema {
  const [media] = Object.values(content);
  if (!media) throw new Error('content without a media type');
  return media.schema;
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.replace('#/components/schemas/', '');
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  if (schema.items) return `readonly ${wrapped(typeOf(schema.items))}[]`;
  if (schema.properties) {
    const members = Object.entries(schema.properties).map(([name, property]) => {
      const comment = property.description ? `/** ${property.description} */\n` : '';
      const optional = schema.required?.includes(name) ? '' : '?';
      return `${comment}readonly ${name}${optional}: ${typeOf(property)};`;
    });
    return `{\n${indent(members)}\n}`;
  }
  return [schema.type ?? 'unknown'].flat().map(plain).join(' | ');
}

const plain = (type: string) => (type === 'integer' ? 'number' : type);

/** A union needs brackets before `[]`; an object has its own. */
const wrapped = (type: string) =>
  type.includes(' | ') && !type.startsWith('{') ? `(${type})` : type;

const indent = (lines: readonly string[]) => lines.join('\n').replaceAll(/^(?=.)/gm, '  ');
