import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type WebhookAnswer as Answer,
  type WebhookDelivery as Delivery,
  type EventType,
  eventTypes,
  MAX_WEBHOOKS,
  parseDescription,
  parseEventTypes,
  parseInstant,
  parseWebhookUrl,
  type WebhookDeliveryState,
  type Webhook as WebhookEntity,
  type WebhookFailure,
  webhookDeliveryStates,
  webhookFailures,
} from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
import type { Rules } from '../server/validation.ts';
import {
  changedId,
  flag,
  idOf,
  idPage,
  idPageMeta,
  idPageMetaOf,
  idPageOf,
  instant,
  instantOut,
  listedIds,
  malformed,
  nullable,
  nullableIdOf,
  parsed,
  pathOf,
  repeatedId,
  ungiven,
} from './shared.ts';

const URL_EXAMPLE = 'https://shop.example.com/hooks/rekey';

const about = {
  url: 'Where to: https, on port 443 or one from 1024, outside of private networks. Whoever knows it can send there, but nothing that is signed.',
  types: 'The types of events to be called with; empty for all.',
  description: 'Up to 100 characters on one line; empty for none.',
  is_enabled: 'A webhook that is disabled is not called.',
};

const url = Type.String({
  description: about.url,
  examples: [URL_EXAMPLE],
  parse: parseWebhookUrl,
});
const types = Type.Array(Type.Enum([...eventTypes], { examples: ['user.locked'] }), {
  description: about.types,
  examples: [['user.locked', 'token.theft']],
});
const description = Type.String({
  description: about.description,
  examples: ['alerts'],
  parse: parseDescription,
});

/** The rule of a body with types. */
const check: Rules['check'] = ({ types: given }) => {
  if (Array.isArray(given)) parseEventTypes(given);
};

const NewWebhook = Type.Object(
  {
    url,
    types: Type.Optional(types),
    description: Type.Optional(description),
    service_id: Type.Optional(
      idOf('service', 'The service that the webhook is of: with a root key, which must give it.'),
    ),
  },
  { $id: 'NewWebhook', ...strict, check },
);

const ChangedWebhook = Type.Object(
  {
    id: repeatedId('webhook'),
    url: Type.Optional(url),
    types: Type.Optional(types),
    description: Type.Optional(description),
    is_enabled: Type.Optional(
      flag(
        `${about.is_enabled} One that is enabled again is called with all that it missed, as far as it is kept.`,
        true,
      ),
    ),
  },
  { $id: 'ChangedWebhook', ...strict, check },
);

const Webhook = Type.Object(
  {
    id: idOf('webhook', 'The id of the webhook.'),
    created_at: instant('When it was registered.'),
    updated_at: instant('When it was changed last.'),
    service_id: idOf('service', 'The service that it is of.'),
    url: Type.String({ description: 'Where to.', examples: [URL_EXAMPLE] }),
    types: Type.Array(Type.Enum([...eventTypes], { examples: ['user.locked'] }), {
      description: about.types,
    }),
    description: Type.String({ description: about.description, examples: ['alerts'] }),
    is_enabled: flag(about.is_enabled, true),
    disabled_at: nullable<string>(
      'string',
      'Since when it has been disabled: by its service, by the operator, or because an event failed there for three days. null while it is enabled.',
      { format: 'date-time', examples: [null] },
    ),
    overlap_ends_at: nullable<string>(
      'string',
      'Until when calls have the signature of the secret before the last rotation as well; null where there was none.',
      { format: 'date-time', examples: [null] },
    ),
  },
  { $id: 'Webhook' },
);

const momentOut = (at: number | null) => (at === null ? null : instantOut(at));

const webhookOut = (webhook: WebhookEntity): Static<typeof Webhook> => ({
  id: webhook.id,
  created_at: instantOut(webhook.createdAt),
  updated_at: instantOut(webhook.updatedAt),
  service_id: webhook.serviceId,
  url: webhook.url,
  types: [...webhook.types],
  description: webhook.description,
  is_enabled: webhook.isEnabled,
  disabled_at: momentOut(webhook.disabledAt),
  overlap_ends_at: momentOut(webhook.overlapEndsAt),
});

const secret = Type.String({
  description:
    'What calls are signed with, as Standard Webhooks 1.0 says: shown in this answer only.',
  examples: ['whsec_bm90IGEgcmVhbCBzZWNyZXQ='],
});

const WithSecret = ($id: string) => Type.Object({ data: Webhook, secret }, { $id });
const WebhookCreated = WithSecret('WebhookCreated');
const WebhookRotated = WithSecret('WebhookRotated');
const WebhookRead = Type.Object({ data: Webhook }, { $id: 'WebhookRead' });
const WebhookUpdated = Type.Object({ data: Webhook }, { $id: 'WebhookUpdated' });
const WebhookDeleted = Type.Object({}, { $id: 'WebhookDeleted' });
const WebhookReplayed = Type.Object({}, { $id: 'WebhookReplayed' });

const WebhookQuery = Type.Object(
  {
    service_id: listedIds(
      'service',
      'Only webhooks of that service; of any of them, where several are given.',
    ),
    ...idPage('webhook'),
  },
  strict,
);

const WebhooksListed = Type.Object(
  {
    meta: Type.Object(
      {
        service_id: Type.Array(idOf('service', 'A service whose webhooks are listed.'), {
          description: 'Empty for all.',
        }),
        ...idPageMeta('webhook'),
      },
      { description: 'What the list was made by.' },
    ),
    data: Type.Array(Webhook),
  },
  { $id: 'WebhooksListed' },
);

const outcome = {
  error: nullable<WebhookFailure>(
    'string',
    `Why the last call failed: ${webhookFailures.map((each) => `\`${each}\``).join(', ')}; null where it was answered with 2xx, and before the first one.`,
    { enum: [...webhookFailures, null], examples: [null] },
  ),
  status: nullable<number>('integer', 'The status of the last answer; null where none came.', {
    examples: [200],
  }),
  duration_ms: nullable<number>('integer', 'How many milliseconds the last call took.', {
    examples: [12],
  }),
};

const outcomeOut = (answer: Answer | null) => ({
  error: answer?.failure ?? null,
  status: answer?.status ?? null,
  duration_ms: answer?.durationMs ?? null,
});

const WebhookTested = Type.Object(
  {
    data: Type.Object({
      is_delivered: flag('Whether it was answered with 2xx.', true),
      ...outcome,
    }),
  },
  { $id: 'WebhookTested' },
);

const WebhookDelivery = Type.Object(
  {
    id: idOf('event', 'The id of the event, and `webhook-id` of each call with it.'),
    type: Type.Enum([...eventTypes], { examples: ['user.locked'] }),
    created_at: instant('When the event happened.'),
    user_id: nullableIdOf('user', 'The user that the event is about.'),
    state: Type.Enum(webhookDeliveryStates, {
      description: '`waiting`: it was not answered with 2xx yet.',
      examples: ['delivered'],
    }),
    attempts: Type.Integer({ description: 'How many calls were made.', examples: [1] }),
    due_at: nullable<string>(
      'string',
      'When the next call is due; null where it is delivered, and while an earlier event of its user is not.',
      { format: 'date-time', examples: [null] },
    ),
    delivered_at: nullable<string>('string', 'When it was answered with 2xx.', {
      format: 'date-time',
      examples: ['2026-01-31T09:30:00.000Z'],
    }),
    ...outcome,
  },
  { $id: 'WebhookDelivery' },
);

const deliveryOut = (delivery: Delivery): Static<typeof WebhookDelivery> => ({
  id: delivery.id,
  type: delivery.type,
  created_at: instantOut(delivery.createdAt),
  user_id: delivery.userId,
  state: delivery.state,
  attempts: delivery.attempts,
  due_at: momentOut(delivery.dueAt),
  delivered_at: momentOut(delivery.deliveredAt),
  ...outcomeOut(delivery.last),
});

const WebhookDeliveryQuery = Type.Object(
  {
    state: Type.Optional(
      parsed<WebhookDeliveryState>({
        description: 'Only deliveries in that state: `waiting` or `delivered`.',
        examples: ['waiting'],
        parse: (text, field) => {
          const state = webhookDeliveryStates.find((each) => each === text);
          if (!state) throw malformed(field, 'must be waiting or delivered');
          return state;
        },
      }),
    ),
    ...idPage('event'),
  },
  strict,
);

const WebhookDeliveriesListed = Type.Object(
  {
    meta: Type.Object(
      { state: ungiven<WebhookDeliveryState>('string', 'waiting'), ...idPageMeta('event') },
      { description: 'What the list was made by.' },
    ),
    data: Type.Array(WebhookDelivery),
  },
  { $id: 'WebhookDeliveriesListed' },
);

const moment = (description: string, example: string) =>
  Type.String({
    description,
    format: 'date-time',
    examples: [example],
    parse: (text: string, field: string) => parseInstant(text, field),
  });

const Replay = Type.Object(
  {
    from: moment('Events that happened before are left out. RFC 3339.', '2026-01-31T09:00:00Z'),
    to: moment('Events that happened after are left out. RFC 3339.', '2026-01-31T10:00:00Z'),
  },
  { $id: 'Replay', ...strict },
);

const asTypes = (given: readonly string[] | undefined) => given as readonly EventType[] | undefined;

export const webhookRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const security = ['serviceKey', 'rootKey'] as const;
    const ofOne = {
      tags: ['webhooks'],
      security,
      errors: ['not_found'],
      params: pathOf('webhook'),
    } as const;

    app.post(
      '/webhook',
      {
        schema: {
          operationId: 'createWebhook',
          tags: ['webhooks'],
          summary: 'Register a webhook',
          description: `From now on each event that the service may know of is sent there by \`POST\`, as \`GET /v1/event\` has it, signed as Standard Webhooks 1.0 says: at least once, and in order for each user. An answer of 2xx within 10 seconds takes it; anything else is tried again, for three days. A service has ${MAX_WEBHOOKS} webhooks at most. \`secret\` is shown in this answer only.`,
          security,
          errors: ['root_key_required'],
          body: NewWebhook,
          response: { 200: WebhookCreated },
        },
      },
      async (request) => {
        const { body } = request;
        const { createWebhook } = deps.useCases.webhooks;
        const created = await createWebhook.execute(actorOf(request), {
          url: body.url,
          types: asTypes(body.types),
          description: body.description,
          serviceId: body.service_id?.toLowerCase(),
        });
        return { data: webhookOut(created.webhook), secret: created.secret };
      },
    );

    app.get(
      '/webhook',
      {
        schema: {
          operationId: 'listWebhooks',
          tags: ['webhooks'],
          summary: 'List webhooks',
          description: 'A service sees its own, a root key sees all. No list has a secret.',
          security,
          querystring: WebhookQuery,
          response: { 200: WebhooksListed },
        },
      },
      async (request) => {
        const page = idPageOf(request.query);
        const { service_id: serviceIds } = request.query;
        const { listWebhooks } = deps.useCases.webhooks;
        const webhooks = await listWebhooks.execute(actorOf(request), { serviceIds, page });
        return {
          meta: { service_id: serviceIds ?? [], ...idPageMetaOf(page) },
          data: webhooks.map(webhookOut),
        };
      },
    );

    app.get(
      '/webhook/:id',
      {
        schema: {
          ...ofOne,
          operationId: 'readWebhook',
          summary: 'Read a webhook',
          response: { 200: WebhookRead },
        },
      },
      async (request) => {
        const { readWebhook } = deps.useCases.webhooks;
        const webhook = await readWebhook.execute(actorOf(request), { id: pathId(request) });
        return { data: webhookOut(webhook) };
      },
    );

    app.patch(
      '/webhook/:id',
      {
        schema: {
          ...ofOne,
          operationId: 'updateWebhook',
          summary: 'Change a webhook, disable or enable it',
          description: 'Changes the fields that are given.',
          body: ChangedWebhook,
          response: { 200: WebhookUpdated },
        },
      },
      async (request) => {
        const { body } = request;
        const { updateWebhook } = deps.useCases.webhooks;
        const webhook = await updateWebhook.execute(actorOf(request), {
          id: changedId(request),
          url: body.url,
          types: asTypes(body.types),
          description: body.description,
          isEnabled: body.is_enabled,
        });
        return { data: webhookOut(webhook) };
      },
    );

    app.delete(
      '/webhook/:id',
      {
        schema: {
          ...ofOne,
          operationId: 'deleteWebhook',
          summary: 'Delete a webhook',
          description: 'It is not called any more, but for a call that is under way.',
          response: { 200: WebhookDeleted },
        },
      },
      async (request) => {
        const { deleteWebhook } = deps.useCases.webhooks;
        await deleteWebhook.execute(actorOf(request), { id: pathId(request) });
        return {};
      },
    );

    app.post(
      '/webhook/:id/rotate',
      {
        schema: {
          ...ofOne,
          operationId: 'rotateWebhook',
          summary: 'Give a webhook another secret',
          description:
            'For 24 hours calls have two signatures: one by the new secret, one by that until now. A secret from an earlier rotation signs no more. `secret` is shown in this answer only.',
          response: { 200: WebhookRotated },
        },
      },
      async (request) => {
        const { rotateWebhook } = deps.useCases.webhooks;
        const rotated = await rotateWebhook.execute(actorOf(request), { id: pathId(request) });
        return { data: webhookOut(rotated.webhook), secret: rotated.secret };
      },
    );

    app.post(
      '/webhook/:id/test',
      {
        schema: {
          ...ofOne,
          operationId: 'testWebhook',
          isVerdict: true,
          summary: 'Call a webhook with a test',
          description:
            'Calls it once and at once, with a message of the type `webhook.test`, and answers what became of it within 5 seconds. A webhook that is disabled is called as well. One test of a webhook is under way at a time.',
          response: { 200: WebhookTested },
        },
      },
      async (request) => {
        const { testWebhook } = deps.useCases.webhooks;
        const answer = await testWebhook.execute(actorOf(request), { id: pathId(request) });
        return { data: { is_delivered: answer.failure === null, ...outcomeOut(answer) } };
      },
    );

    app.post(
      '/webhook/:id/replay',
      {
        schema: {
          ...ofOne,
          operationId: 'replayWebhook',
          summary: 'Call a webhook again with the events of a while',
          description:
            'With those of its types that are kept, whether it was called with them before or not. Each keeps its id: a receiver that remembers ids takes none twice. One replay of a webhook is under way at a time.',
          body: Replay,
          response: { 200: WebhookReplayed },
        },
      },
      async (request) => {
        const { replayWebhook } = deps.useCases.webhooks;
        const { from, to } = request.body;
        await replayWebhook.execute(actorOf(request), { id: pathId(request), from, to });
        return {};
      },
    );

    app.get(
      '/webhook/:id/delivery',
      {
        schema: {
          ...ofOne,
          operationId: 'listWebhookDeliveries',
          summary: 'List what became of the events of a webhook',
          description:
            'For as long as events are kept, in the order of their ids, which is that of time. Nothing is kept of an answer but its status.',
          querystring: WebhookDeliveryQuery,
          response: { 200: WebhookDeliveriesListed },
        },
      },
      async (request) => {
        const page = idPageOf(request.query);
        const { state } = request.query;
        const { listWebhookDeliveries } = deps.useCases.webhooks;
        const input = { id: pathId(request), ...(state && { state }), page };
        const deliveries = await listWebhookDeliveries.execute(actorOf(request), input);
        return {
          meta: { state: state ?? null, ...idPageMetaOf(page) },
          data: deliveries.map(deliveryOut),
        };
      },
    );
  };
