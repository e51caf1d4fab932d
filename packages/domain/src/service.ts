import type { Id, Instant } from './ids.ts';

/** Somebody's backend: it registers itself and acts for its users. */
export type Service = {
  readonly id: Id;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly name: string;
  readonly url: string;
  /** The page that links in mails lead to; null where Rekey hosts it. */
  readonly providerLocalUrl: string | null;
  /** Whether the service may create users. */
  readonly userAllowRegister: boolean;
  /** Text that the operator adds to mails of this service. */
  readonly userEmailText: string | null;
};

/** The built-in service that owns the form dialect and the hosted pages. */
export const formServiceName = 'users';
export const formServiceId: Id = '00000000-0000-7000-8000-000000000001';
