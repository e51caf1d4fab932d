import { MailFailure } from '../src/ports.ts';
import {
  accessTokensContract,
  breachListContract,
  hasherContract,
  macsContract,
  passwordMeterContract,
  revokeTokensContract,
  secretsContract,
  totpContract,
} from './contracts-crypto.ts';
import { mailerContract } from './contracts-mail.ts';
import {
  fakeAccessTokens,
  fakeBreachList,
  fakeClock,
  fakeHasher,
  fakeMacs,
  fakeMailer,
  fakeMeter,
  fakeRevokeTokens,
  fakeSecrets,
  fakeTotp,
  foreignHash,
} from './fakes.ts';
import { START } from './fixtures.ts';

hasherContract('of the tests', async () => ({
  hasher: fakeHasher({ atOnce: 4 }),
  foreign: { password: 'from elsewhere', hash: foreignHash('from elsewhere') },
  tooMany: 5,
}));

passwordMeterContract('of the tests', async () => fakeMeter());

breachListContract('of the tests', async () => {
  const breachList = fakeBreachList('letmein');
  return {
    breachList,
    listed: 'letmein',
    fallSilent: async () => breachList.fallSilent(),
  };
});

macsContract('the tests', async () => ({ macs: fakeMacs(), stranger: fakeMacs(2) }));

secretsContract('the tests', async () => fakeSecrets());

accessTokensContract('the tests', async () => {
  const clock = fakeClock(START);
  return { accessTokens: fakeAccessTokens(clock), clock };
});

totpContract('the tests', async () => {
  const totp = fakeTotp();
  return { totp, codeAt: totp.codeAt };
});

revokeTokensContract('the tests', async () => ({
  revokeTokens: fakeRevokeTokens('k1'),
  rotated: fakeRevokeTokens('k1', 'k2'),
  stranger: fakeRevokeTokens('k3'),
}));

mailerContract('of the tests', async () => {
  const mailer = fakeMailer();
  return {
    mailer,
    handedOver: async () =>
      mailer.sent.map(({ to, messageId }) => ({ recipients: [to.address], messageId })),
    refuseNext: (isPermanent) => mailer.failNext(new MailFailure('refused', isPermanent)),
  };
});
