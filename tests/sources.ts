import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from 'oxc-parser';

/** Source texts read by what they mean, and not by how they are written. */

export const root = path.resolve(import.meta.dirname, '..');

export type Node = { type: string } & Record<string, unknown>;

export const isTest = (file: string): boolean => /\.test\.ts$|\.faults\.ts$|\/test\//.test(file);

export const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/** Every source file below a folder, by its path from the root of the repository. */
export const sourcesOf = (folder: string): string[] =>
  globSync('**/*.{ts,mts,cts,tsx,js,mjs,cjs,jsx}', {
    cwd: path.join(root, folder),
    exclude: (name) => name === 'node_modules',
  }).map((file) => path.posix.join(folder, file.replaceAll('\\', '/')));

export function parse(file: string, source: string) {
  const { program, comments, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  return { program, comments };
}

export function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  if (typeof value !== 'object' || value === null || !('type' in value)) return;
  see(value as Node);
  for (const child of Object.values(value)) visit(child, see);
}

/** The text of a string literal, or of a template without anything in it. */
export function literal(node: unknown): string | undefined {
  const { type, value, quasis } = (node ?? {}) as Partial<Node>;
  if (type === 'Literal' && typeof value === 'string') return value;
  const parts = type === 'TemplateLiteral' ? (quasis as { value: { cooked: string } }[]) : [];
  return parts.length === 1 ? parts[0]?.value.cooked : undefined;
}

export const HIDDEN = 'a module loaded where this test cannot see it';

/** Where a piece of syntax names the module that it loads. */
const SOURCE: Record<string, string> = {
  ImportDeclaration: 'source',
  ImportExpression: 'source',
  ExportAllDeclaration: 'source',
  ExportNamedDeclaration: 'source',
  TSImportType: 'source',
  TSExternalModuleReference: 'expression',
  TSModuleDeclaration: 'id',
};

/** Every module that a source text names, however it names it. */
export function importsOf(file: string, source: string): string[] {
  const { program, comments } = parse(file, source);
  const found: string[] = [];
  for (const { value } of comments) {
    const reference = /^\/\s*<reference\s+(?:types|path)\s*=\s*["']([^"']+)["']/.exec(value);
    if (reference?.[1] !== undefined) found.push(reference[1]);
  }
  const name = (node: unknown) => found.push(literal(node) ?? HIDDEN);
  visit(program, (node) => {
    const place = SOURCE[node.type];
    const named = place === undefined ? undefined : node[place];
    // `export { a }` and `declare global` name no module.
    const names = node.type === 'TSModuleDeclaration' ? literal(named) !== undefined : named;
    if (names) name(named);
    if (node.type === 'CallExpression' && loads(node.callee)) name((node.arguments as Node[])[0]);
    if (node.type === 'Identifier' && node.name === 'createRequire') found.push(HIDDEN);
  });
  return [...new Set(found)];
}

/** `require(…)`, `require.resolve(…)`, `process.getBuiltinModule(…)` */
function loads(callee: unknown): boolean {
  const { type, name, object, property } = (callee ?? {}) as Partial<Node>;
  if (type === 'Identifier') return name === 'require';
  if (type !== 'MemberExpression') return false;
  const member = property as Node;
  return loads(object) || (member.name ?? literal(member)) === 'getBuiltinModule';
}
