import type { Actor, Id, ProofMethod } from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { methodOf, type ProvenCode, proveCode } from './prove-code.ts';
import { type Claim, type Proof, provePassword } from './prove-password.ts';
import type { AuditCause } from './record.ts';

/** A password that is right, and a code that was sent along; null where none was, or there is no factor. */
export type LoginProof = Proof & {
  readonly own: ProvenCode | null;
  /** All that was proven. */
  readonly amr: readonly ProofMethod[];
};

/** Proves a password, and the code that is sent along: a wrong one of a user with a factor is like a wrong password. */
export async function proveLogin(
  ports: Pick<Ports, 'database' | 'hasher' | 'secrets' | 'totp' | 'clock'>,
  actor: Actor,
  claim: Claim,
  code: string | undefined,
): Promise<{ userId: Id | null; proof: LoginProof | null; cause: AuditCause | null }> {
  const { proof, ...of } = await provePassword(ports, actor, claim);
  const { own } =
    code === undefined
      ? { own: null }
      : await proveCode(ports, { userId: proof?.user.id ?? null, code });
  const isWrong = code !== undefined && own === null && proof?.user.factors.hasTotp === true;
  if (proof === null || isWrong) return { ...of, proof: null };
  const amr: readonly ProofMethod[] = own === null ? ['pwd'] : ['pwd', methodOf(own)];
  return { ...of, proof: { ...proof, own, amr } };
}
