import { formServiceId, type OneTimeToken, type Service } from '@rekey/domain';
import { expect, test } from 'vitest';
import { aDelivery, aOneTimeToken, deliverAll, settings, world } from '../../testing/index.ts';

/** The notice about a right of that kind, as it is handed over. */
async function handedOver(right: Partial<OneTimeToken>, of: Partial<Service> = {}) {
  const w = world();
  const service = await w.addService(of);
  const { user } = await w.addOwner({}, { service });
  const token = aOneTimeToken({ userId: user.id, serviceId: service.id, ...right });
  await w.database.transact(async ({ oneTimeTokens, deliveries }) => {
    await oneTimeTokens.insert(token);
    await deliveries.insert(aDelivery(token));
  });
  await deliverAll(w.useCases);
  return { notice: w.channels.mail.sent.at(-1)!, token: w.linkTokens.make(token) };
}

const moved = {
  purpose: 'update_email',
  email: 'old@example.com',
  details: { newEmail: 'thief@evil.example' },
} as const;

test('a mail to the old address names the new one in part, in its words and on the page that Rekey hosts', async () => {
  const { notice } = await handedOver(moved, { providerLocalUrl: null });
  expect(notice).toMatchObject({ to: 'old@example.com', newEmail: 't***@evil.example' });
  expect(JSON.stringify(notice)).not.toContain('thief');
});

test('a page of a service is told both addresses, as mojzu/sso tells them', async () => {
  const page = 'https://shop.example/account';
  const { notice, token } = await handedOver(moved, { providerLocalUrl: page });
  expect(Object.fromEntries(new URL(notice.link).searchParams)).toEqual({
    type: 'update_email',
    email: 'thief@evil.example',
    old_email: 'old@example.com',
    token,
  });
});

test('a mail names the place to ask of its service, or else that of the server', async () => {
  const supportUrl = 'https://shop.example/help';
  const { notice } = await handedOver({}, { supportUrl });
  expect(notice.supportUrl).toBe(supportUrl);
  expect((await handedOver({})).notice.supportUrl).toBe(settings.supportUrl);
});

test('the built-in service is called by the name of the server', async () => {
  const { notice } = await handedOver({}, { id: formServiceId, name: 'users' });
  expect(notice.service.name).toBe(settings.brandName);
});
