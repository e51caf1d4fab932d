import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { InvalidOneTimeToken, linkTo } from '@rekey/domain';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { linkToken } from '../server/fields.ts';
import { claimedEmail } from './shared.ts';

const fields = {
  email: claimedEmail,
  code: Type.String({ ...linkToken, description: 'The `code` of the link in the mail.' }),
};
const GivenCode = Type.Object(fields, { $id: 'GivenCode' });

/** Stands for every token that is none. */
const UNKNOWN = 'unknown';

const Validated = {
  description: 'The address is valid.',
  content: { 'text/plain': { schema: Type.Enum(['true'], { examples: ['true'] }) } },
};

/** The proof of an e-mail address. */
export const validationRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { users, callers, deliveries } = deps.useCases;

    /** Whether a page has something to say of the token. No other text is sent back. */
    async function isKnown(request: FastifyRequest, token: string): Promise<boolean> {
      const actor = actorOf(request);
      try {
        await deliveries.readNotice.execute(actor, { token });
        return true;
      } catch (error) {
        if (!(error instanceof InvalidOneTimeToken)) throw error;
        return (await deliveries.readUsedLink.execute(actor, { token })) !== null;
      }
    }

    app.get(
      '/validateEmail',
      {
        schema: {
          operationId: 'visitEmail',
          tags: ['forms'],
          summary: 'Make an e-mail address valid, or show the page of its link',
          description:
            'For clients of orion users, which name `text/plain` or `application/json` in `Accept`: for them alone a GET makes the address valid. It is no proof of the mailbox, for programs that look into mails do as much. Browsers are sent to a page with a button.',
          security: [],
          errors: ['invalid_one_time_token'],
          querystring: Type.Object(fields),
          response: {
            200: Validated,
            303: Type.Null({ description: 'To the page of the link.' }),
          },
        },
      },
      async (request, reply) => {
        const { email, code: token } = request.query;
        if (request.method !== 'GET' || !isForProgram(request.headers.accept)) {
          const known = (await isKnown(request, token)) ? token : UNKNOWN;
          const page = linkTo('../local', { type: 'validate_email', email, token: known });
          return reply.redirect(page, 303);
        }
        await users.validateEmail.execute(actorOf(request), { token, email, isProof: false });
        return 'true' as const;
      },
    );

    app.post(
      '/validateEmail',
      {
        schema: {
          operationId: 'proveEmail',
          tags: ['forms'],
          summary: 'Prove an e-mail address with the code of the mail',
          description:
            'Works again and again while the link lives and the account has the address: `emailValid` is `true` then.',
          security: [],
          errors: ['invalid_one_time_token'],
          body: GivenCode,
          response: { 200: Validated },
        },
      },
      async (request) => {
        const { email, code: token } = request.body;
        await users.validateEmail.execute(actorOf(request), { token, email, isProof: true });
        return 'true' as const;
      },
    );

    app.post(
      '/validateEmail/send',
      {
        schema: {
          operationId: 'sendValidation',
          tags: ['forms'],
          summary: 'Have the mail with the proof of the own address sent again',
          description:
            'Three at once, and then one each twenty minutes. Nothing is sent where the address is proven, nor to a mailbox that got many mails of late.',
          security: ['accessToken'],
          errors: ['forbidden', 'too_many_requests'],
          body: Type.Optional(Type.Object({})),
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await users.sendValidation.execute(await callers.admitPerson.execute(actorOf(request)));
        return reply.code(204).send(null);
      },
    );
  };

/** Whether a program asks, and no browser: it names what it reads, and no page. */
function isForProgram(accept = ''): boolean {
  const named = accept
    .split(',')
    .filter((range) => !/;\s*q=0(?:\.0*)?\s*(?:;|$)/.test(range))
    .map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  const names = (type: string) => named.includes(type);
  return (names('text/plain') || names('application/json')) && !names('text/html');
}
