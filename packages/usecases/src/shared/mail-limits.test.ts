import {
  DAY_MS,
  formServiceId,
  formServiceName,
  HOUR_MS,
  MINUTE_MS,
  mailboxOf,
  type Origin,
} from '@rekey/domain';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  asNobody,
  asService,
  asUser,
  deliverAll,
  endOf,
  NEW_PASSWORD,
  type Owner,
  PASSWORD,
  START,
  world,
} from '../../testing/index.ts';

const HOME: Origin = { address: '203.0.113.7', client: null };
const network = (host: number): Origin => ({ address: `198.51.100.${host}`, client: null });

/** Spellings of two mailboxes; Ada has a proven account at the first of her own. */
const spellings = ['ada@gmail.com', 'a.da@gmail.com', 'ada+1@googlemail.com', 'bob@example.com'];

/** Everything by which strangers can start mails. */
const flows = [
  'sign up',
  'sign up and log in',
  'log in from anywhere new',
  'change the password of the own account',
  'ask for a proof',
  'reset alone',
  'reset at a service',
  'register at a service',
  'move an account there and change its password',
] as const;

const steps = fc.array(
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({
        kind: fc.constant('strangers' as const),
        flow: fc.constantFrom(...flows),
        email: fc.constantFrom(...spellings),
        host: fc.nat({ max: 99 }),
        times: fc.integer({ min: 1, max: 12 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('time passes' as const),
        ms: fc.constantFrom(MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, 8 * HOUR_MS),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('the owner asks' as const),
        hasDevice: fc.boolean(),
      }),
    },
  ),
  { minLength: 20, maxLength: 40 },
);

/** A server with Ada's account at a service, and strangers. */
async function prepare() {
  const w = world();
  const rooms = w.useCases;
  await w.addService({ id: formServiceId, name: formServiceName, newDeviceMail: true });
  const service = await w.addService();
  const ada: Owner = await w.addOwner({ email: 'ada@gmail.com', emailProven: true }, { service });
  const claim = { email: ada.user.email, password: PASSWORD };
  const { device } = await rooms.sessions.login.execute(asService(service, HOME), claim);
  const passwords = new Map<string, string>();

  const strangers = async (
    flow: (typeof flows)[number],
    email: string,
    origin: Origin,
  ): Promise<unknown> => {
    const person = { name: 'Mallory', email, password: PASSWORD };
    const password = passwords.get(email) ?? PASSWORD;
    switch (flow) {
      case 'sign up':
        return rooms.users.signUp.execute(asNobody(origin), person);
      case 'sign up and log in':
        return rooms.users.signUpAndLogIn.execute(asNobody(origin), person);
      case 'log in from anywhere new':
        return rooms.sessions.login.execute(asNobody(origin), { email, password });
      case 'change the password of the own account': {
        const newPassword = password === PASSWORD ? NEW_PASSWORD : PASSWORD;
        const { access } = await rooms.sessions.login.execute(asNobody(origin), {
          email,
          password,
        });
        const grant = await w.accessTokens.verify(access.token);
        const change = { email, password, newPassword };
        await rooms.passwords.updatePassword.execute(asUser(grant!, origin), change);
        return passwords.set(email, newPassword);
      }
      case 'ask for a proof': {
        const { access } = await rooms.sessions.login.execute(asNobody(origin), {
          email,
          password,
        });
        const grant = await w.accessTokens.verify(access.token);
        return rooms.users.sendValidation.execute(asUser(grant!, origin));
      }
      case 'move an account there and change its password': {
        const { user } = await w.addOwner({ emailProven: true }, { service });
        const by = asService(service, origin);
        const own = { email: user.email, password: PASSWORD };
        await rooms.users.updateEmail.execute(by, { ...own, newEmail: email });
        const change = { email, password: PASSWORD, newPassword: NEW_PASSWORD };
        return rooms.passwords.updatePassword.execute(by, change);
      }
      case 'reset alone':
        return rooms.passwords.requestReset.execute(asNobody(origin), { email });
      case 'reset at a service':
        return rooms.passwords.requestReset.execute(asService(service, origin), { email });
      case 'register at a service':
        return rooms.users.register.execute(asService(service, origin), { name: 'M', email });
    }
  };
  const newMails = async () => {
    await deliverAll(rooms);
    return w.channels.mail.sent.splice(0);
  };
  return { w, rooms, service, ada, device, strangers, newMails };
}

test('strangers start no more than ten mails an hour and twenty a day to one mailbox, by whatever they do, and the owner always gets one', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { w, rooms, service, ada, device, strangers, newMails } = await prepare();
      const mails: { readonly mailbox: string; readonly at: number }[] = [];
      let asked = -DAY_MS;
      for (const step of all) {
        if (step.kind === 'time passes') {
          w.clock.set(w.clock.now() + step.ms);
        } else if (step.kind === 'strangers') {
          for (let n = 0; n < step.times; n += 1) {
            await endOf(strangers(step.flow, step.email, network((step.host + n) % 100)));
          }
          for (const { to, kind } of await newMails()) {
            // To the proven mailbox that an account was moved from: such a mail is never withheld.
            if (kind === 'update_email') continue;
            mails.push({ mailbox: mailboxOf(to), at: w.clock.now() });
          }
        } else if (w.clock.now() >= asked + 8 * HOUR_MS) {
          asked = w.clock.now();
          const from = step.hasDevice ? network(200) : HOME;
          const input = { email: ada.user.email, device: step.hasDevice ? device : undefined };
          await rooms.passwords.requestReset.execute(asService(service, from), input);
          expect(await newMails()).toMatchObject([{ to: ada.user.email, kind: 'reset_password' }]);
        }
      }

      for (const { mailbox, at: end } of mails) {
        const within = (ms: number) =>
          mails.filter((mail) => mail.mailbox === mailbox && mail.at <= end && mail.at > end - ms);
        expect(within(HOUR_MS).length).toBeLessThanOrEqual(10);
        expect(within(DAY_MS).length).toBeLessThanOrEqual(20);
      }
    }),
    { numRuns: 30 },
  );
});

test.each(flows)('strangers start a mail where they %s', async (flow) => {
  const { w, ada, strangers, newMails } = await prepare();
  const email = flow === 'reset at a service' ? ada.user.email : 'bob@example.com';
  if (!/sign up|move/.test(flow)) {
    await endOf(strangers('sign up and log in', email, network(1)));
    w.clock.set(START + 20 * MINUTE_MS);
  }
  await newMails();
  await strangers(flow, email, network(2));
  expect((await newMails()).map(({ to }) => to)).toContain(email);
});
