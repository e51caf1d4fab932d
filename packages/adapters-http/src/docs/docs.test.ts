import { describe, expect, it } from 'vitest';
import { rig } from '../../test/harness.ts';

describe('the page of errors', () => {
  it('has the anchor that the type of an error names', async () => {
    const { app } = await rig();
    const { type } = (await app.inject('/nothing')).json();
    const { pathname, hash } = new URL(type, 'http://rekey.test/nothing');
    const page = await app.inject(pathname);
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.body).toContain(`<section id="${hash.slice(1)}">`);
  });
});

describe('Swagger UI', () => {
  const paths = ['/docs', '/docs/start.js', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js'];

  it('is not there unless it is asked for', async () => {
    const { app } = await rig();
    for (const path of paths) expect((await app.inject(path)).statusCode).toBe(404);
  });

  it('is a page whose files are all of this server', async () => {
    const { app } = await rig({ options: { apiDocs: true } });
    const page = await app.inject('/docs');
    expect(page.statusCode).toBe(200);
    const files = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map(
      ([, file = '']) => new URL(file, 'http://rekey.test/docs').pathname,
    );
    expect(['/docs', ...files].sort()).toEqual(paths.toSorted());
    for (const file of files) {
      const { statusCode, headers, body } = await app.inject(file);
      expect([file, statusCode, body.length > 0]).toEqual([file, 200, true]);
      expect(headers['content-type']).toBe(
        file.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'text/css; charset=utf-8',
      );
    }
  });

  it('may run scripts of this server, inline ones never, and no other page may', async () => {
    const { app } = await rig({ options: { apiDocs: true } });
    const policyOf = async (path: string) =>
      String((await app.inject(path)).headers['content-security-policy']);
    expect(await policyOf('/docs')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(await policyOf('/docs')).not.toMatch(/unsafe|http|\*/);
    for (const path of ['/docs/errors', '/docs/start.js', '/openapi.json', '/local', '/nothing']) {
      expect(await policyOf(path)).not.toContain('script-src');
    }
  });
});
