import {
  formServiceId,
  formServiceName,
  type Id,
  type Instant,
  isId,
  parseName,
  parseUrl,
  type Service,
  type ServiceFields,
  serviceDefaults,
  serviceParsers,
} from '@rekey/domain';
import type { ImportedKey, KeyRow, Ports, ServiceRow } from '../ports/index.ts';
import { readKey } from './read-key.ts';
import { Reading } from './reading.ts';

type Needs = Pick<Ports, 'secrets' | 'ids'>;

const MEMBERS = [
  'id',
  'name',
  'url',
  'is_enabled',
  'user_allow_register',
  'user_email_text',
  'provider_local_url',
  'provider_github_oauth2_url',
  'provider_microsoft_oauth2_url',
  'provider_google_oauth2_url',
  'keys',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof ServiceRow)[];

export type ServiceToImport = {
  readonly service: Service;
  readonly keys: readonly ImportedKey[];
  /** Names that no other line of the file may have. */
  readonly claims: readonly string[];
  /** The fields that the row names, for a service that is there. */
  readonly fields: Partial<ServiceFields>;
  readonly hasId: boolean;
};

/** Reads a service with its keys, by the id that it is known to have; null, and all that is wrong with the row, where anything is. */
export function readService(
  ports: Needs,
  row: ServiceRow,
  now: Instant,
  known?: Id,
): { readonly found: ServiceToImport | null; readonly faults: readonly string[] } {
  const reading = new Reading(row, MEMBERS);
  const id = known ?? reading.text('id')?.toLowerCase() ?? ports.ids.next();
  if (!isId(id)) reading.refuse('id', 'must be a UUID');
  const name = reading.needed('name', parseName);
  if (id === formServiceId || name === formServiceName) {
    reading.refuse('name', 'or id is that of the built-in service, which is there');
  }
  const named = {
    name,
    url: reading.needed('url', parseUrl),
    isEnabled: reading.flag('is_enabled'),
    userAllowRegister: reading.flag('user_allow_register'),
    userEmailText: reading.text('user_email_text', serviceParsers.userEmailText),
    providerLocalUrl: reading.text('provider_local_url', serviceParsers.providerLocalUrl),
    providerGithubOauth2Url: reading.text(
      'provider_github_oauth2_url',
      serviceParsers.providerGithubOauth2Url,
    ),
    providerMicrosoftOauth2Url: reading.text(
      'provider_microsoft_oauth2_url',
      serviceParsers.providerMicrosoftOauth2Url,
    ),
    providerGoogleOauth2Url: reading.text(
      'provider_google_oauth2_url',
      serviceParsers.providerGoogleOauth2Url,
    ),
  };
  const createdAt = reading.past('created_at', now) ?? now;
  const updatedAt = reading.past('updated_at', now) ?? createdAt;
  const claims = reading.has('id') ? [`service ${id}`] : [];
  const keys = (reading.list('keys') ?? []).flatMap((each, index) => {
    const owner = { userId: null, serviceId: id };
    const around = { now, find: () => 'is none' };
    const read = readKey(ports, each, `keys[${index}].`, owner, around);
    reading.faults.push(...read.faults);
    claims.push(...read.claims);
    return read.key ? [read.key] : [];
  });
  const { faults } = reading;
  if (faults.length > 0) return { found: null, faults };
  const given = Object.fromEntries(
    Object.entries(named).filter(([, value]) => value !== undefined),
  ) as Partial<ServiceFields> & Pick<Service, 'name' | 'url'>;
  const service = { ...serviceDefaults, id, createdAt, updatedAt, ...given };
  const found = { service, keys, claims, fields: given, hasId: reading.has('id') };
  return { found, faults };
}

/** Reads a key of the operator. */
export const readRootKey = (ports: Needs, row: KeyRow, now: Instant) =>
  readKey(ports, row, '', { userId: null, serviceId: null }, { now, find: () => 'is none' });
