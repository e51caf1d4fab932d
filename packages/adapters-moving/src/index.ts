import type { Source } from '@rekey/usecases';
import { auth0 } from './sources/auth0.ts';
import { authnServer } from './sources/authn-server.ts';
import { betterAuth } from './sources/better-auth.ts';
import { firebase } from './sources/firebase.ts';
import { keycloak } from './sources/keycloak.ts';
import { kratos } from './sources/kratos.ts';
import { mojzuSso } from './sources/mojzu-sso.ts';
import { orionUsers } from './sources/orion-users.ts';
import { supabase } from './sources/supabase.ts';
import { users } from './sources/users.ts';
import { zitadel } from './sources/zitadel.ts';

/** The systems that users come from, by the names that the command line has for them. */
export const sources: Readonly<Record<string, Source>> = {
  users,
  'mojzu-sso': mojzuSso,
  'orion-users': orionUsers,
  kratos,
  keycloak,
  auth0,
  firebase,
  supabase,
  zitadel,
  'better-auth': betterAuth,
  'authn-server': authnServer,
};
export {
  type About,
  type Archive,
  archiveLines,
  type Manifest,
  manifestText,
  openArchive,
  writeArchive,
} from './archive.ts';
