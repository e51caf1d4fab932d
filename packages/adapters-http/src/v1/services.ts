import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type GivenService, type Service as ServiceEntity, serviceParsers } from '@rekey/domain';
import { type Static, Type } from 'typebox';
import { actorOf } from '../server/actor.ts';
import type { HttpDeps } from '../server/deps.ts';
import { strict } from '../server/fields.ts';
import { pathId } from '../server/path-id.ts';
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
  nullable,
  parsedFlag,
  pathOf,
  repeatedId,
  ungiven,
} from './shared.ts';

const URL = 'https://shop.example';

/** A text of a service, with the domain's parser of it. */
const text = (
  parser: keyof typeof serviceParsers,
  description: string,
  example: string,
  more: object = {},
) =>
  Type.String({
    description,
    examples: [example],
    parse: (given: string, field: string) => serviceParsers[parser](given, field),
    ...more,
  });

const about = {
  is_enabled:
    'A service that is disabled can do nothing: its keys are refused, and the sessions of its users with them.',
  user_allow_register: 'Whether people may register at the service by themselves.',
  user_email_text: 'Text that mails of the service carry; empty for none.',
  provider_local_url: 'The page that links in mails lead to; where there is none, Rekey hosts it.',
  provider_github_oauth2_url: 'The page that sign-ins with GitHub come back to.',
  provider_microsoft_oauth2_url: 'The page that sign-ins with Microsoft come back to.',
  provider_google_oauth2_url: 'The page that sign-ins with Google come back to.',
  sees_all_users: 'Whether the service lists, reads and changes all users.',
  owner_recovery: 'Whether owners open again by themselves the accounts that they locked.',
  require_factor: 'Whether a login takes a second factor.',
  new_device_mail: 'Whether owners are mailed about a login from a new device.',
  support_url: 'The place where people find help: https, or `mailto:` and an address.',
};

const fields = {
  is_enabled: flag(about.is_enabled, true),
  name: text('name', '1 to 100 characters on one line; mails show it.', 'Shop'),
  url: text('url', 'Where the service lives: http or https, without user and password.', URL),
  user_allow_register: flag(about.user_allow_register, false),
  user_email_text: text(
    'userEmailText',
    `${about.user_email_text} At most 1000 characters.`,
    'Call 555-0100.',
  ),
  provider_local_url: text(
    'providerLocalUrl',
    `${about.provider_local_url} Empty for none.`,
    `${URL}/account`,
  ),
  provider_github_oauth2_url: text(
    'providerGithubOauth2Url',
    `${about.provider_github_oauth2_url} Empty for none.`,
    `${URL}/github`,
  ),
  provider_microsoft_oauth2_url: text(
    'providerMicrosoftOauth2Url',
    `${about.provider_microsoft_oauth2_url} Empty for none.`,
    `${URL}/microsoft`,
  ),
  provider_google_oauth2_url: text(
    'providerGoogleOauth2Url',
    `${about.provider_google_oauth2_url} Empty for none.`,
    `${URL}/google`,
  ),
  sees_all_users: flag(about.sees_all_users, false),
  owner_recovery: flag(about.owner_recovery, false),
  require_factor: flag(about.require_factor, false),
  new_device_mail: flag(about.new_device_mail, false),
  support_url: text(
    'supportUrl',
    `${about.support_url} Empty for that of the server.`,
    'mailto:help@shop.example',
  ),
};

const { name, url, ...others } = fields;

const NewService = Type.Object(
  { name, url, ...Type.Partial(Type.Object(others)).properties },
  { $id: 'NewService', ...strict },
);

const ChangedService = Type.Object(
  { id: repeatedId('service'), ...Type.Partial(Type.Object(fields)).properties },
  { $id: 'ChangedService', ...strict },
);

const nullableUrl = (description: string, example: string) =>
  nullable<string>('string', description, { examples: [example] });

const Service = Type.Object(
  {
    id: idOf('service', 'The id of the service.'),
    created_at: instant('When the service was registered.'),
    updated_at: instant('When the service was changed last.'),
    is_enabled: fields.is_enabled,
    name: Type.String({ examples: ['Shop'] }),
    url: Type.String({ description: 'Where the service lives.', examples: [URL] }),
    user_allow_register: fields.user_allow_register,
    user_email_text: Type.String({
      description: about.user_email_text,
      examples: ['Call 555-0100.'],
    }),
    provider_local_url: nullableUrl(about.provider_local_url, `${URL}/account`),
    provider_github_oauth2_url: nullableUrl(about.provider_github_oauth2_url, `${URL}/github`),
    provider_microsoft_oauth2_url: nullableUrl(
      about.provider_microsoft_oauth2_url,
      `${URL}/microsoft`,
    ),
    provider_google_oauth2_url: nullableUrl(about.provider_google_oauth2_url, `${URL}/google`),
    sees_all_users: fields.sees_all_users,
    owner_recovery: fields.owner_recovery,
    require_factor: fields.require_factor,
    new_device_mail: fields.new_device_mail,
    support_url: nullableUrl(about.support_url, 'mailto:help@shop.example'),
  },
  { $id: 'Service' },
);

const serviceOut = (service: ServiceEntity): Static<typeof Service> => ({
  id: service.id,
  created_at: instantOut(service.createdAt),
  updated_at: instantOut(service.updatedAt),
  is_enabled: service.isEnabled,
  name: service.name,
  url: service.url,
  user_allow_register: service.userAllowRegister,
  user_email_text: service.userEmailText,
  provider_local_url: service.providerLocalUrl,
  provider_github_oauth2_url: service.providerGithubOauth2Url,
  provider_microsoft_oauth2_url: service.providerMicrosoftOauth2Url,
  provider_google_oauth2_url: service.providerGoogleOauth2Url,
  sees_all_users: service.seesAllUsers,
  owner_recovery: service.ownerRecovery,
  require_factor: service.requireFactor,
  new_device_mail: service.newDeviceMail,
  support_url: service.supportUrl,
});

const givenOf = (body: Static<typeof ChangedService>): GivenService => ({
  isEnabled: body.is_enabled,
  name: body.name,
  url: body.url,
  userAllowRegister: body.user_allow_register,
  userEmailText: body.user_email_text,
  providerLocalUrl: body.provider_local_url,
  providerGithubOauth2Url: body.provider_github_oauth2_url,
  providerMicrosoftOauth2Url: body.provider_microsoft_oauth2_url,
  providerGoogleOauth2Url: body.provider_google_oauth2_url,
  seesAllUsers: body.sees_all_users,
  ownerRecovery: body.owner_recovery,
  requireFactor: body.require_factor,
  newDeviceMail: body.new_device_mail,
  supportUrl: body.support_url,
});

const ServiceQuery = Type.Object(
  {
    id: listedIds('service', 'Only that service; any of them, where several are given.'),
    is_enabled: parsedFlag('Only services that are enabled, or only those that are not.'),
    ...idPage('service'),
  },
  strict,
);

const ServicesListed = Type.Object(
  {
    meta: Type.Object(
      {
        id: Type.Array(idOf('service', 'A service that is listed.'), {
          description: 'Empty for all.',
        }),
        is_enabled: ungiven('boolean', true),
        ...idPageMeta('service'),
      },
      { description: 'What the list was made by.' },
    ),
    data: Type.Array(Service),
  },
  { $id: 'ServicesListed' },
);

const ServiceOf = ($id: string) => Type.Object({ data: Service }, { $id });
const ServiceCreated = ServiceOf('ServiceCreated');
const ServiceRead = ServiceOf('ServiceRead');
const ServiceUpdated = ServiceOf('ServiceUpdated');
const ServiceDeleted = Type.Object({}, { $id: 'ServiceDeleted' });

export const serviceRoutes =
  (deps: HttpDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/service',
      {
        schema: {
          operationId: 'createService',
          tags: ['services'],
          summary: 'Register a service',
          description: 'It has no key yet: `POST /v1/key` makes one for it. Takes a root key.',
          security: ['serviceKey', 'rootKey'],
          errors: ['root_key_required'],
          body: NewService,
          response: { 200: ServiceCreated },
        },
      },
      async (request) => {
        const { body } = request;
        const input = { ...givenOf(body), name: body.name, url: body.url };
        const { createService } = deps.useCases.services;
        return { data: serviceOut(await createService.execute(actorOf(request), input)) };
      },
    );

    app.get(
      '/service',
      {
        schema: {
          operationId: 'listServices',
          tags: ['services'],
          summary: 'List the services',
          description: 'A service sees itself alone; a root key sees all.',
          security: ['serviceKey', 'verifierKey', 'rootKey'],
          querystring: ServiceQuery,
          response: { 200: ServicesListed },
        },
      },
      async (request) => {
        const { query } = request;
        const page = idPageOf(query);
        const { id: ids, is_enabled: isEnabled } = query;
        const { listServices } = deps.useCases.services;
        const services = await listServices.execute(actorOf(request), { ids, isEnabled, page });
        return {
          meta: { id: ids ?? [], is_enabled: isEnabled ?? null, ...idPageMetaOf(page) },
          data: services.map(serviceOut),
        };
      },
    );

    app.get(
      '/service/:id',
      {
        schema: {
          operationId: 'readService',
          tags: ['services'],
          summary: 'Read a service',
          description: 'A service reads itself alone.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found'],
          params: pathOf('service'),
          response: { 200: ServiceRead },
        },
      },
      async (request) => {
        const { readService } = deps.useCases.services;
        const id = pathId(request);
        return { data: serviceOut(await readService.execute(actorOf(request), { id })) };
      },
    );

    app.patch(
      '/service/:id',
      {
        schema: {
          operationId: 'updateService',
          tags: ['services'],
          summary: 'Change a service',
          description:
            'Changes the fields that are given. A service changes its own `name`, `user_email_text` (neither may read as a link) and `user_allow_register`, and disables itself; all else takes a root key.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'root_key_required'],
          params: pathOf('service'),
          body: ChangedService,
          response: { 200: ServiceUpdated },
        },
      },
      async (request) => {
        const { updateService } = deps.useCases.services;
        const change = { ...givenOf(request.body), id: changedId(request) };
        return { data: serviceOut(await updateService.execute(actorOf(request), change)) };
      },
    );

    app.delete(
      '/service/:id',
      {
        schema: {
          operationId: 'deleteService',
          tags: ['services'],
          summary: 'Delete a service',
          description:
            'With its keys; not while users have keys of it. The links that it mailed go on working on the page that Rekey hosts. Takes a root key.',
          security: ['serviceKey', 'rootKey'],
          errors: ['not_found', 'root_key_required', 'invalid_argument'],
          params: pathOf('service'),
          response: { 200: ServiceDeleted },
        },
      },
      async (request) => {
        const { deleteService } = deps.useCases.services;
        await deleteService.execute(actorOf(request), { id: pathId(request) });
        return {};
      },
    );
  };
