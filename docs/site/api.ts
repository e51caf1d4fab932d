/** As much of an OpenAPI document as a reference in Markdown needs. */
type Document = {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, { description: string }>>;
  };
};

type Operation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly { readonly name: string; readonly description?: string }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Content }>
  >;
};

type Content = Readonly<Record<string, { readonly example: unknown }>>;

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
    'This page is generated from [openapi.json](../packages/adapters-http/openapi.json), which a running Rekey answers at `/openapi.json`. That document also has every field and every error in full, and `API_DOCS=true` shows it at `/docs`. The [use cases](use-cases/README.md) say what each call does, and [errors](errors.md) what each error means.',
    'A caller proves itself in the header `Authorization`:',
    schemes.join('\n'),
    'The [client](../packages/client/README.md) has a method for each call, named below.',
    ...sections.flat(),
  ].join('\n\n')}\n`;
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
      .map(({ name, description: what }) => `- \`${name}\`${what ? `: ${what}` : ''}`)
      .join('\n'),
    ...examplesOf('Request', requestBody?.content),
    ...examplesOf('Answer', responses['200']?.content),
  ].filter(Boolean);
}

function examplesOf(what: string, content: Content = {}): string[] {
  return Object.entries(content).map(([type, { example }]) => {
    if (type === 'application/x-www-form-urlencoded') {
      return `${what}, \`${type}\`:\n\n\`\`\`\n${new URLSearchParams(example as Record<string, string>)}\n\`\`\``;
    }
    const text = typeof example === 'string' ? example : JSON.stringify(example, null, 2);
    return `${what}, \`${type}\`:\n\n\`\`\`${typeof example === 'string' ? '' : 'json'}\n${text}\n\`\`\``;
  });
}
