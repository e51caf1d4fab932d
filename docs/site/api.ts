/** As much of an OpenAPI document as a reference in Markdown needs. */
type Document = {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, { description: string }>>;
    readonly schemas: Readonly<Record<string, Schema>>;
  };
};

type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Content }>
  >;
};

type Content = Readonly<Record<string, { readonly schema: Schema; readonly example: unknown }>>;

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
};

/** The reference of the API, as docs/api.md has it. */
export function apiReference({ tags, paths, components }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name, description }) => [
    `## ${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    description,
    ...operations
      .filter(({ operation }) => operation.tags.includes(name))
      .flatMap(({ path, method, operation }) => [
        `### \`${method.toUpperCase()} ${path}\``,
        ...proseOf(operation),
      ]),
  ]);
  const schemes = Object.entries(components.securitySchemes).map(
    ([name, { description }]) => `- \`${name}\`: ${description}`,
  );
  return `${[
    '# API reference',
    'This page is generated from [openapi.json](../packages/adapters-http/openapi.json), which a running Rekey answers at `/openapi.json`. That document also has every error in full, and `API_DOCS=true` shows it at `/docs`. The [use cases](use-cases/README.md) say what each call does, and [errors](errors.md) what each error means.',
    'A caller proves itself in the header `Authorization`:',
    schemes.join('\n'),
    'The [client](../packages/client/README.md) has a method for each call, named below.',
    ...sections.flat(),
    '## Objects',
    'The fields of requests and answers. A field with a `?` may be missing.',
    ...Object.entries(components.schemas).flatMap(([name, schema]) => [
      `### ${name}`,
      schema.description ?? '',
      `| field | type | meaning |\n|---|---|---|\n${rowsOf(schema).join('')}`.trimEnd(),
    ]),
  ]
    .filter(Boolean)
    .join('\n\n')}\n`;
}

function proseOf(operation: Operation): string[] {
  const { operationId, summary, description, security, parameters, requestBody, responses } =
    operation;
  const proof = security.flatMap((scheme) => Object.keys(scheme)).map((name) => `\`${name}\``);
  const errors = Object.keys(responses).filter((status) => status !== '200');
  return [
    `${summary}.${description ? ` ${description}` : ''}`,
    `\`${operationId}\` · ${proof.length > 0 ? proof.join(' or ') : 'no proof is needed'} · errors: ${errors.join(', ')}`,
    (parameters ?? [])
      // Said once, at the top.
      .filter((each) => each.in !== 'header')
      .map(({ name, description: what }) => `- \`${name}\`${what ? `: ${what}` : ''}`)
      .join('\n'),
    ...examplesOf('Request', requestBody?.content),
    ...examplesOf('Answer', responses['200']?.content),
  ].filter(Boolean);
}

function examplesOf(what: string, content: Content = {}): string[] {
  return Object.entries(content).map(([type, { schema, example }]) => {
    const title = `${what}, \`${type}\`${schema.$ref ? `, ${linkTo(schema.$ref)}` : ''}:`;
    if (type === 'application/x-www-form-urlencoded') {
      return `${title}\n\n\`\`\`\n${new URLSearchParams(example as Record<string, string>)}\n\`\`\``;
    }
    const text = typeof example === 'string' ? example : JSON.stringify(example, null, 2);
    return `${title}\n\n\`\`\`${typeof example === 'string' ? '' : 'json'}\n${text}\n\`\`\``;
  });
}

/** A row for each field of an object, and of the objects in it that have no name. */
function rowsOf({ properties = {}, required = [] }: Schema, place = ''): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const mark = required.includes(name) ? '' : '?';
    const row = `| \`${place}${name}${mark}\` | ${typeOf(field)} | ${field.description ?? ''} |\n`;
    const inner = field.items ? rowsOf(field.items, `${place}${name}[].`) : [];
    return [row, ...rowsOf(field, `${place}${name}.`), ...inner];
  });
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return linkTo(schema.$ref);
  if (schema.items) return `list of ${schema.items.$ref ? linkTo(schema.items.$ref) : 'objects'}`;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  const types = [schema.type ?? 'any'].flat().join(' or ');
  return schema.format ? `${types} (${schema.format})` : types;
}

function linkTo(ref: string): string {
  const name = ref.replace('#/components/schemas/', '');
  return `[${name}](#${name.toLowerCase()})`;
}
