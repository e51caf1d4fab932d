import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { defaultOf } from '../apps/server/src/config.ts';
import { sections, type Variable } from '../apps/server/src/variables.ts';

const secrets = sections
  .flatMap(({ variables }) => variables.filter(({ isSecret }) => isSecret))
  .map(({ name }) => `\`${name}\``)
  .join(', ');

const ABOUT = `<!-- Made from apps/server/src/variables.ts by \`npx -y pnpm@12 run configuration\`. -->

# Configuration

Rekey reads its configuration from the environment, and from a file \`.env\` in the folder where it is started; the environment wins. A variable that is empty counts as not set. Every problem is reported at once, by name and without its value (but for ranges of \`TRUST_PROXY\`), and Rekey then exits with code 1. Relative paths start at the folder where Rekey is started.

A variable that holds a secret may be in a file instead, whose path is in \`NAME_FILE\`: \`DATABASE_URL_FILE=/run/secrets/database-url\`. These are ${secrets}. \`KEYS_FILE\` is a path anyway.

In \`.env\`, a \`#\` begins a comment at the start of a line and after white space, and nowhere else. Values may stand in quotes of one kind, a line may begin with \`export\`, and both ends of a line will do. A line that can be read in two ways keeps Rekey from starting: a quote that does not end or that something follows, a variable that is set twice, a backslash in double quotes (but \`\\n\`) or at the end of a line, or \`\${NAME}\` and \`$(command)\`, which Rekey does not fill in (in single quotes they are text). A \`$\` before a letter is taken as it is, and warned of outside of single quotes: other programs fill in a variable there. Names that Rekey does not know are warned of, too.

A value is one line. A path is taken as it is: one that begins with \`~\`, or has a variable in it, is refused.

The start and \`rekey doctor\` warn of a variable whose name looks like one of these, and of values with which mails would be lost or people misled.
`;

const ADVICE = `
Keep \`KEYS_FILE\` and the database apart in your backups: a person who has only one of them can neither forge a link nor test passwords against the hashes.
`;

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const tables = sections.map(({ title, variables }) => {
    const rows = variables.map((each) => `| \`${each.name}\` | ${shown(each)} | ${each.text} |\n`);
    return `\n## ${title}\n\n| name | default | meaning |\n|---|---|---|\n${rows.join('')}`;
  });
  return `${ABOUT}${tables.join('')}${ADVICE}`;
}

const shown = (variable: Variable): string =>
  variable.default ? `\`${variable.default}\`` : 'not set';

/** The text of .env.example: a copy of it changes nothing before a line is uncommented. */
export function envExample(): string {
  const parts = sections.map(({ title, variables }) => {
    const lines = variables.flatMap((variable) => {
      const texts = [defaultOf(variable), variable.example].filter(Boolean);
      return texts.map((text) => `# ${variable.name}=${quoted(text ?? '')}\n`);
    });
    return `\n# ${title}\n${lines.join('')}`;
  });
  return `# Copy this file to \`.env\` and uncomment what you change. Each line has the default of a variable, or an example.
# docs/configuration.md explains all of them.
${parts.join('')}
# For compose.yaml alone: the password of the database that it makes. Letters and digits.
# POSTGRES_PASSWORD=
# For compose.yaml alone: the address or range of a backend or balancer whose X-Forwarded-For its proxy passes on.
# BACKEND=
`;
}

/** An unquoted `#` begins a comment. */
const quoted = (text: string): string => (text.includes('#') ? `"${text}"` : text);

if (import.meta.main) {
  const root = path.join(import.meta.dirname, '..');
  writeFileSync(path.join(root, 'docs/configuration.md'), configurationPage());
  writeFileSync(path.join(root, '.env.example'), envExample());
}
