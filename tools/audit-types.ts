import { auditTypeTexts } from '../packages/domain/src/index.ts';

/** The text of docs/audit-types.md. */
export function auditTypesPage(): string {
  const rows = Object.entries(auditTypeTexts).map(
    ([type, { subject, when }]) => `| \`${type}\` | ${subject} | ${when} |\n`,
  );
  return `<!-- Made from packages/domain/src/audit.ts by \`npx -y pnpm@12 run openapi\`. -->

# Types of the audit

Each entry of [the audit](use-cases/audit.md) has one of these types. \`sso:\` types are the ones that clients of [the first system](moving.md) know; \`rekey:\` types are Rekey's own.

| \`type\` | \`subject\` | recorded when |
|---|---|---|
${rows.join('')}`;
}
