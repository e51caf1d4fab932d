import { type Identity, InvalidToken, Unavailable } from '@rekey/domain';
import { describe, expect, test } from 'vitest';
import type { CodeFlow } from '../../src/ports/index.ts';

type OpenCodeFlow = {
  readonly codes: CodeFlow;
  readonly returnUrl: string;
  /** Lets a person who was sent to a URL sign in there; answers the person, and what they come back with. */
  signIn(
    url: string,
  ): Promise<{ readonly identity: Identity; readonly code: string; readonly state: string }>;
  /** Makes the provider one that cannot be asked. */
  fallSilent(): Promise<void> | void;
};

/** The obligations of every provider that people are sent to. */
export function codeFlowContract(name: string, open: () => Promise<OpenCodeFlow>): void {
  describe(`sign-in ${name}`, () => {
    const secrets = {
      state: 'a state with / and + and &',
      verifier: 'the-verifier-of-a-sign-in-that-has-43-letters',
      nonce: 'a-nonce',
    };
    const comeBack = async ({ codes, returnUrl, signIn }: OpenCodeFlow) => {
      const { state, ...came } = await signIn(await codes.urlOf({ returnUrl, ...secrets }));
      return { came, state, answer: { code: came.code, returnUrl, ...secrets } };
    };

    test('brings the state back, and says who the person is', async () => {
      const flow = await open();
      const { came, state, answer } = await comeBack(flow);
      expect(state).toBe(secrets.state);
      expect(await flow.codes.identify(answer)).toEqual(came.identity);
    });

    test('takes a code once', async () => {
      const flow = await open();
      const { answer } = await comeBack(flow);
      await flow.codes.identify(answer);
      await expect(flow.codes.identify(answer)).rejects.toThrow(InvalidToken);
    });

    test('takes no code that was not given out', async () => {
      const flow = await open();
      const { answer } = await comeBack(flow);
      for (const code of ['made-up', '', '猫', answer.code.slice(1)]) {
        await expect(flow.codes.identify({ ...answer, code })).rejects.toThrow(InvalidToken);
      }
    });

    test('takes no code with another verifier, nor for another page', async () => {
      const flow = await open();
      for (const other of [
        { verifier: 'w'.repeat(43) },
        { returnUrl: 'https://elsewhere.example/back' },
      ]) {
        const { answer } = await comeBack(flow);
        const mixedUp = flow.codes.identify({ ...answer, ...other });
        await expect(mixedUp).rejects.toThrow(InvalidToken);
      }
    });

    test('puts nothing into the URL that proves who began', async () => {
      const { codes, returnUrl } = await open();
      const url = await codes.urlOf({ returnUrl, ...secrets });
      expect(decodeURIComponent(url)).not.toContain(secrets.verifier);
    });

    test('says that it is not available where the provider does not answer, and the person is nobody', async () => {
      const flow = await open();
      const { answer } = await comeBack(flow);
      await flow.fallSilent();
      await expect(flow.codes.identify(answer)).rejects.toThrow(Unavailable);
    });
  });
}
