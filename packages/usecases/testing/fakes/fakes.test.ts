import { DeliveryFailure } from '../../src/ports/index.ts';
import {
  accessTokensContract,
  breachListContract,
  codeFlowContract,
  deviceTokensContract,
  foreignHashesContract,
  hasherContract,
  ledgersContract,
  linkTokensContract,
  macsContract,
  newsContract,
  outletContract,
  passwordMeterContract,
  secretsContract,
  totpContract,
  webAuthnContract,
} from '../contracts/index.ts';
import { START } from '../fixtures.ts';
import {
  DEAR_HASH,
  fakeAccessTokens,
  fakeAuthenticator,
  fakeBreachList,
  fakeClock,
  fakeDeviceTokens,
  fakeForeignHashes,
  fakeHasher,
  fakeLedgers,
  fakeLinkTokens,
  fakeMacs,
  fakeMeter,
  fakeNews,
  fakeOutlet,
  fakeProviders,
  fakeSecrets,
  fakeTotp,
  fakeWebAuthn,
  foreignHash,
  PUBLISHED_PASSWORD,
} from './index.ts';

hasherContract('of the tests', async () => ({
  hasher: fakeHasher({ atOnce: 4 }),
  foreign: { password: 'from elsewhere', hash: foreignHash('from elsewhere') },
  tooMany: 5,
}));

foreignHashesContract('the tests', async () => {
  const secrets = fakeSecrets();
  return {
    foreignHashes: fakeForeignHashes(secrets),
    hasher: fakeHasher({ secrets }),
    dear: { hash: foreignHash('from elsewhere') },
    cheap: { hash: foreignHash('from elsewhere', 'weak') },
    password: 'from elsewhere',
    refused: {
      'of a format that nobody knows': { hash: foreignHash('from elsewhere'), format: 'rot13' },
      'that is none': { hash: 's3cret' },
      'that costs too much': { hash: DEAR_HASH },
      'of a password that was published': { hash: foreignHash(PUBLISHED_PASSWORD, 'weak') },
    },
  };
});

ledgersContract('memory', fakeLedgers());

passwordMeterContract('of the tests', async () => fakeMeter());

breachListContract('of the tests', async () => {
  const breachList = fakeBreachList('letmein');
  return {
    breachList,
    listed: 'letmein',
    fallSilent: async () => breachList.fallSilent(),
  };
});

newsContract('fakes', fakeNews);
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

deviceTokensContract('the tests', async () => ({
  deviceTokens: fakeDeviceTokens('k1'),
  rotated: fakeDeviceTokens('k1', 'k2'),
  stranger: fakeDeviceTokens('k3'),
}));

webAuthnContract('the tests', async () => ({
  webAuthn: fakeWebAuthn('k1'),
  rotated: fakeWebAuthn('k1', 'k2'),
  stranger: fakeWebAuthn('k3'),
  authenticator: fakeAuthenticator,
}));

linkTokensContract('the tests', async () => ({
  linkTokens: fakeLinkTokens('k1'),
  rotated: fakeLinkTokens('k1', 'k2'),
  stranger: fakeLinkTokens('k3'),
}));

outletContract('of the tests', async () => {
  const outlet = fakeOutlet();
  return {
    outlet,
    handedOver: async () => outlet.sent.map(({ to, id }) => ({ recipients: [to], messageId: id })),
    refuseNext: (isPermanent) => outlet.failNext(new DeliveryFailure('refused', isPermanent)),
  };
});

codeFlowContract('with a provider of the tests', async () => {
  const providers = fakeProviders();
  const { codes } = providers.github;
  if (codes === null) throw new Error('it is configured');
  const identity = {
    provider: 'github',
    issuer: 'https://github.com',
    subject: '1',
    verifiedEmail: 'ada@example.com',
    name: 'Ada',
  } as const;
  return {
    codes,
    returnUrl: 'https://shop.example/back',
    signIn: async (url) => ({ identity, ...providers.codeFor(url, identity) }),
    fallSilent: () => providers.fallSilent('github'),
  };
});
