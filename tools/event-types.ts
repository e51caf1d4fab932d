import { eventTypeTexts } from '../packages/domain/src/index.ts';

/** The text of docs/event-types.md. */
export function eventTypesPage(): string {
  const rows = Object.entries(eventTypeTexts).map(
    ([type, { when, subject, data }]) => `| \`${type}\` | ${when} | ${subject} | ${data} |\n`,
  );
  return `<!-- Made from packages/domain/src/event.ts by \`npx -y pnpm@12 run openapi\`. -->

# Types of events

Each event has one of these types. Events of \`user.*\`, \`password.*\`, \`email.*\` and \`factor.*\` are told to every service that sees the user; \`session.*\`, \`token.*\`, \`key.*\`, \`throttle.*\`, \`service.*\` and \`webhook.*\` to the service that they belong to, and to no other. No event holds an address, a name, an attribute or a secret.

| \`type\` | told when | \`subject_id\` | \`data\` |
|---|---|---|---|
${rows.join('')}`;
}
