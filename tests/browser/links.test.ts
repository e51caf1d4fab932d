import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, rig } from '../../packages/adapters-http/test/harness.ts';
import {
  hasLink,
  isLockKind,
  type OneTimeToken,
  type Purpose,
  purposes,
} from '../../packages/domain/src/index.ts';
import { aOneTimeToken, skips } from '../../packages/usecases/testing/index.ts';
import { languages } from '../../packages/wording/src/index.ts';
import { aFreePort } from '../harness.ts';
import { inspect, launch, noBrowser, open } from './browser.ts';

/** The smallest phone that many people still have. */
const SMALL = { viewport: { width: 375, height: 667 }, hasTouch: true };
const NEW_PASSWORD = 'battery staple seven';
const zones = { en: 'America/New_York', de: 'Europe/Berlin', es: 'America/Mexico_City' } as const;

describe.skipIf(skips(noBrowser !== null, `${noBrowser}`))(
  'the page of a link, in a browser',
  () => {
    let browser: Browser;
    let server: Rig;
    let base: string;
    let people = 0;

    beforeAll(async () => {
      const port = await aFreePort();
      base = `http://127.0.0.1:${port}`;
      const supportUrl = 'https://orchard.example/help';
      server = await rig({
        providerLocalUrl: null,
        settings: { publicUrl: base, usersRecovery: 'owner', supportUrl },
        options: { publicUrl: base, brandName: 'Orchard', brandColor: '#2f9e44', supportUrl },
      });
      browser = await launch();
      await server.app.listen({ port, host: '127.0.0.1' });
    });

    afterAll(async () => {
      await browser?.close();
      await server?.app.close();
    });

    /** A link for somebody who speaks that language. */
    async function aLink(purpose: Purpose, locale = 'en', more: Partial<OneTimeToken> = {}) {
      people += 1;
      const email = more.email ?? `maria.hernandez-gonzalez-${people}@university.example`;
      const timezone = zones[locale as keyof typeof zones] ?? 'Asia/Tokyo';
      const user = { is_enabled: true, name: 'Maria', email, password: 'correct horse' };
      const created = await server.json('POST', '/v1/user', { ...user, locale, timezone });
      const { id: userId } = created.json().data;
      await server.json('POST', '/v1/key', { type: 'TOKEN', name: 'web', user_id: userId });
      const client = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
      const token = aOneTimeToken({
        purpose,
        userId,
        serviceId: server.service.id,
        email,
        version: 1,
        origin: { address: '2001:db8:85a3:8d3:1319:8a2e:370:7348', client },
        ...more,
      });
      await server.database.transact(async ({ users, oneTimeTokens }) => {
        const { credential } = (await users.findByEmail(email))!;
        await oneTimeTokens.insert({ ...token, version: credential.version });
        if (purpose === 'recover') await users.lockOut(userId, token.createdAt);
      });
      const text = server.ports.linkTokens.make(token);
      return `${base}/local?${new URLSearchParams({ type: purpose, email, token: text })}`;
    }

    async function visit(url: string, options?: BrowserContextOptions) {
      const { page, complaints } = await open(browser, options);
      await page.goto(url);
      return { page, complaints };
    }

    const heading = (page: Page) => page.textContent('h1');

    test.each(purposes)(
      'has nothing to complain about, on a phone and on a screen: %s',
      async (purpose) => {
        const more =
          purpose === 'update_email' ? { details: { newEmail: 'eve@evil.example' } } : {};
        const wide = await visit(await aLink(purpose, 'en', more));
        await inspect(wide.page, `link-${purpose}`);
        const small = await visit(await aLink(purpose, 'de', more), SMALL);
        await inspect(small.page, `link-${purpose}-phone-de`);
        expect([...wide.complaints, ...small.complaints]).toEqual([]);
      },
    );

    test.each(languages)(
      'shows the button that locks an account without scrolling, in one red with white text: %s',
      async (locale) => {
        const { page } = await open(browser, SMALL);
        for (const purpose of purposes.filter(isLockKind)) {
          const details = { newEmail: 'eve@evil.example' };
          const more = purpose === 'update_email' ? { details } : {};
          await page.goto(await aLink(purpose, locale, more));
          const { y = 0, height = 0 } = (await page.locator('button.danger').boundingBox()) ?? {};
          expect(Math.ceil(y + height), `${purpose} ends at`).toBeLessThanOrEqual(667);
          expect(height).toBeGreaterThanOrEqual(44);
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme });
            const style = await page.evaluate(
              `(({ backgroundColor, color }) => ({ backgroundColor, color }))(getComputedStyle(document.querySelector('button.danger')))`,
            );
            expect(style).toEqual({
              backgroundColor: 'rgb(179, 38, 30)',
              color: 'rgb(255, 255, 255)',
            });
          }
        }
        await page.context().close();
      },
    );

    test.each(languages)(
      'shows the button without scrolling, however long names and addresses are: %s',
      async (locale) => {
        const { rootKey, json } = server;
        const service = { name: 'Institute of '.repeat(8).slice(0, 100), url: 'https://i.example' };
        const made = await json('POST', '/v1/service', service, {
          headers: { authorization: rootKey },
        });
        const domain = `${['u', 'v', 'w'].map((letter) => letter.repeat(60)).join('.')}.example`;
        const key = { name: 'night '.repeat(16), prefix: 'AbCdEfGh', expiresAt: 1.8e12 };
        const details: { [purpose in Purpose]?: OneTimeToken['details'] } = {
          update_email: { newEmail: `eve@${domain}` },
          factor_change: { key },
        };
        const { page } = await open(browser, SMALL);
        for (const purpose of purposes.filter(hasLink)) {
          const link = await aLink(purpose, locale, {
            serviceId: made.json().data.id,
            email: `${String(people).padStart(60, 'm')}@${domain}`,
            details: details[purpose] ?? null,
          });
          await page.goto(link);
          const { y = 0, height = 0 } = (await page.locator('.act button').boundingBox()) ?? {};
          expect(Math.ceil(y + height), `${purpose} ends at`).toBeLessThanOrEqual(667);
        }
        await page.context().close();
      },
    );

    test('sets a password without JavaScript, and says beside its field what is wrong', async () => {
      const link = await aLink('reset_password', 'es');
      const { page } = await visit(link, { ...SMALL, javaScriptEnabled: false });
      expect(page.url()).toBe(`${base}/local/notice`);
      expect(await page.locator('#show').isVisible()).toBe(false);
      await page.fill('#password', 'corta');
      await page.click('button');
      expect(await page.textContent('#password-fault')).toBe('Use al menos 8 caracteres.');
      await page.fill('#password', NEW_PASSWORD);
      await page.click('button');
      expect(await heading(page)).toBe('Su contraseña nueva está guardada');
      await page.goto(link);
      expect(await heading(page)).toBe('Este enlace ya se ha usado');
    });

    test('says how strong a new password is, and shows it on request', async () => {
      const { page, complaints } = await visit(await aLink('invite'));
      await page.fill('#password', 'password1');
      await page.waitForSelector('#strength p:text-is("Far too easy to guess")');
      await page.fill('#password', 'tulip kite 47');
      await page.waitForSelector('#strength p:text-is("Very hard to guess")');
      await page.check('#show');
      expect(await page.getAttribute('#password', 'type')).toBe('text');
      await inspect(page, 'link-invite-typing');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForSelector('h1:text-is("You can sign in now")');
      await inspect(page, 'link-invite-done');
      expect(complaints).toEqual([]);
    });

    test('gives the account back from the page that locked it', async () => {
      const link = await aLink('new_device');
      await server.json(
        'PATCH',
        `/v1/service/${server.service.id}`,
        { owner_recovery: true },
        {
          headers: { authorization: server.rootKey },
        },
      );
      const { page, complaints } = await visit(link);
      await page.click('button');
      expect(await heading(page)).toBe('Your account is locked');
      await inspect(page, 'link-locked-recover');
      await page.goto(link);
      expect(await heading(page)).toBe('Your account is locked');
      await inspect(page, 'link-used-locked');
      await server.mailedTokens();
      await page.click('button');
      expect(await heading(page)).toBe('A mail is on its way');
      await inspect(page, 'link-recover-asked');
      await server.mailedTokens();
      await page.goto(server.channels.mail.sent.at(-1)!.link);
      await page.fill('#password', NEW_PASSWORD);
      await page.click('button');
      expect(await heading(page)).toBe('Your account is open again');
      await inspect(page, 'link-recovered');
      expect(complaints).toEqual([]);
    });

    test('is beside a page at the root and one for a forgotten password, which work without JavaScript', async () => {
      const { page, complaints } = await visit(base, { javaScriptEnabled: false });
      await page.click('text=Forgot your password?');
      await page.fill('#email', 'nobody@example.com');
      await page.click('button');
      expect(await heading(page)).toBe('Please look into your mailbox');
      for (const [url, name] of [
        ['/', 'start'],
        ['/local/forgot-password', 'forgot'],
      ] as const) {
        const shown = await visit(`${base}${url}`);
        await inspect(shown.page, name);
        await inspect((await visit(`${base}${url}`, SMALL)).page, `${name}-phone`);
      }
      expect(complaints).toEqual([]);
    });
  },
);
