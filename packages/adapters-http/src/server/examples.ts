type Schema = {
  readonly type?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Properties of which one is there at most. */
  readonly not?: { readonly required: readonly string[] };
};

/** An example of a schema: its own, or else one that is put together from those of its parts. */
export function exampleOf(schema: unknown, name: string): unknown {
  const { type, examples, enum: values, items, properties, not } = schema as Schema;
  const [, ...others] = not?.required ?? [];
  if (examples) return examples[0];
  if (values) return values[0];
  if (type === 'null') return null;
  if (items) return [exampleOf(items, name)];
  if (!properties) throw new Error(`${name} has no example`);
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([key]) => !others.includes(key))
      .map(([key, property]) => [key, exampleOf(property, `${key} of ${name}`)]),
  );
}
