import { whenOf, whyOf } from '../packages/adapters-http/src/docs/errors.ts';
import type { DescribedRoute } from '../packages/adapters-http/src/index.ts';
import {
  type ProblemCode,
  problem,
  problemCodes,
} from '../packages/adapters-http/src/server/problem.ts';
import { violationCodes } from '../packages/domain/src/index.ts';

const EXAMPLE = {
  ...problem('invalid_argument', 'one or more arguments are missing, malformed or refused'),
  errors: [
    {
      field: 'new_password',
      message: 'must differ from the current one',
      code: 'same_as_current',
    },
  ],
};

/** The text of docs/errors.md. */
export function errorsPage(routes: readonly DescribedRoute[]): string {
  const codes = problemCodes.map(
    (code) => `| <a id="${code}"></a>\`${code}\` | ${statusesOf(code, routes)} | ${whenOf[code]} |`,
  );
  const reasons = violationCodes.map((code) => `| \`${code}\` | ${whyOf[code]} |`);
  return `<!-- Made from packages/adapters-http/src/docs/errors.ts by \`npx -y pnpm@12 run openapi\`. -->

# Errors

Every error, in both dialects, is \`application/problem+json\` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)):

\`\`\`json
${JSON.stringify(EXAMPLE, null, 2)}
\`\`\`

\`type\` leads to a page of the server that answered, with an anchor for each code. Programs should look at \`code\`; the list is closed. \`errors\` names every refused argument at once, by the name that it has in the dialect. No error repeats a value that was sent, or says whether an account exists.

| code | status | when |
|---|---|---|
${codes.join('\n')}

[Throttling](use-cases/throttling.md) says how long \`too_many_requests\` lasts.

## Why an argument is refused

Each entry of \`errors\` has a \`message\` for people and a \`code\` for programs; this list is closed as well. An argument with several faults has an entry for each.

| code | because |
|---|---|
${reasons.join('\n')}

The last five are about a new password. Where it replaces one that is sent along, \`same_as_current\` and the length are looked at before the account is; \`used_before\` is looked at last, for somebody who proved to be the owner; \`common\`, \`contains_email\` and \`contains_service\` only after the current password was proven, and not under \`PASSWORD_POLICY=compat\` ([configuration](configuration.md)). Which passwords are common is said in [decision 10](decisions/0010-breach-lists.md).
`;
}

function statusesOf(code: ProblemCode, routes: readonly DescribedRoute[]): string {
  const exceptions = routes.flatMap(({ method, url, schema: { statusOf } }) => {
    const status = statusOf?.[code];
    return status === undefined ? [] : [`${status} at \`${method} ${url}\``];
  });
  return [problem(code, '').status, ...exceptions].join('; ');
}
