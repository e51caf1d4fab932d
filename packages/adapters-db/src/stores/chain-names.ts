import type { Id } from '@rekey/domain';

/** The name of the operator's chain; that of a service has the name of the service. */
export const OPERATOR = 'operator';
export const nameOf = (serviceId: Id | null): string => serviceId ?? OPERATOR;
export const ownerOf = (chain: string): Id | null => (chain === OPERATOR ? null : chain);
