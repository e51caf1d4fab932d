import {
  type Actor,
  checkPasswordLength,
  checkPasswordQuality,
  IllegalArgument,
  may,
  normalizePassword,
  type PasswordQuality,
  parseAll,
  parseEmail,
  parseName,
  placeOf,
  Unauthorized,
  type Violation,
} from '@rekey/domain';
import type { Ports } from '../ports/index.ts';
import { qualityOf } from '../shared/new-password.ts';
import { serviceNameFor } from '../shared/service-name.ts';

type Needs = Pick<Ports, 'hasher' | 'meter' | 'breachList' | 'settings'>;

type CheckPasswordInput = {
  readonly password: string;
  readonly email?: string | undefined;
  readonly name?: string | undefined;
};

/** Tells whether a password could be set, for a person of that name and address. Keeps nothing. */
export class CheckPassword {
  readonly #ports: Needs;

  constructor(ports: Needs) {
    this.#ports = ports;
  }

  /**
   * `quality`: null for a text that can be nobody's password. Throws `IllegalArgument` for an address or a name that is
   * none, and `Overloaded`.
   */
  async execute(
    actor: Actor,
    input: CheckPasswordInput,
  ): Promise<{ quality: PasswordQuality | null; violations: readonly Violation[] }> {
    if (!may(actor, 'check password', null)) throw new Unauthorized();
    const { hasher, settings } = this.#ports;
    const { email = '', name = '' } = parseAll({
      email: () => (input.email === undefined ? undefined : parseEmail(input.email)),
      name: () => (input.name === undefined ? undefined : parseName(input.name)),
    });
    const service = actor.kind === 'service' ? actor.service : null;
    // The meter takes its time as a hash does: where changes are turned away, so are checks.
    if (service) hasher.admit(placeOf(actor));

    const { password: text } = input;
    const malformed = refusalsOf(() => normalizePassword(text, 'password'));
    if (malformed.length > 0) return { quality: null, violations: malformed };
    const password = normalizePassword(text, 'password');
    const { passwordPolicy } = settings;
    const length = refusalsOf(() => checkPasswordLength(password, passwordPolicy, 'password'));
    const context = { email, name, serviceName: service ? serviceNameFor(service, settings) : '' };
    const quality = await qualityOf(this.#ports, password, context);
    const others = refusalsOf(() =>
      checkPasswordQuality(password, quality, context, passwordPolicy, 'password'),
    );
    return { quality, violations: [...length, ...others] };
  }
}

function refusalsOf(rule: () => unknown): readonly Violation[] {
  try {
    rule();
    return [];
  } catch (error) {
    if (!(error instanceof IllegalArgument)) throw error;
    return error.violations;
  }
}
