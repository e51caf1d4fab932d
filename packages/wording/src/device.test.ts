import { describe, expect, it } from 'vitest';
import { deviceInWords } from './device.ts';
import { languages } from './languages.ts';

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15';

describe('the name of a device', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox on Linux'],
    [`${IPHONE} (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1`, 'Safari on iPhone'],
    [
      `${IPHONE} (KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1`,
      'Chrome on iPhone',
    ],
    [`${IPHONE} (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1`, 'Firefox on iPhone'],
    [
      'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1',
      'Safari on iPad',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15',
      'Safari on macOS',
    ],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36`,
      'Chrome on Windows',
    ],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`,
      'Edge on Windows',
    ],
    [
      `Mozilla/5.0 (Linux; Android 16; SM-S931B) ${WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
      'Samsung Internet on Android',
    ],
    [
      `Mozilla/5.0 (X11; CrOS x86_64 16433.41.0) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36`,
      'Chrome on ChromeOS',
    ],
    [
      `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0`,
      'Opera on Linux',
    ],
    ['curl/8.14.1', 'curl'],
    ['python-requests/2.32.3', 'Python'],
    ['Go-http-client/1.1', 'Go'],
    ['node', 'Node'],
    ['Mozilla/5.0 (Windows NT 10.0) SomethingElse/1.0', 'an unknown program on Windows'],
    ['MyApp/1.0', 'an unknown program'],
    ['', 'an unknown program'],
    [null, 'an unknown program'],
  ])('that calls itself %j is: %s', (client, name) => {
    expect(deviceInWords(client, 'en')).toBe(name);
  });

  it('is in every language, and in none as in another', () => {
    const inAll = (client: string | null) =>
      languages.map((language) => deviceInWords(client, language));
    expect(inAll('Firefox/145.0 Linux')).toEqual([
      'Firefox on Linux',
      'Firefox auf Linux',
      'Firefox en Linux',
      'Firefox no Linux',
      'Linux の Firefox',
    ]);
    expect(new Set(inAll(null)).size).toBe(languages.length);
  });

  it.each([
    'https://evil.example/Firefox/1',
    'Firefox/145.0 <script>alert(1)</script> on your iPhone',
    `${'Firefox/'.repeat(2000)}`,
    'curl/8 Firefox\u202e/1',
  ])('has no word that the client chose: %j', (client) => {
    expect(deviceInWords(client, 'en')).toMatch(
      /^(?:Firefox|curl|an unknown program)(?: on iPhone)?$/,
    );
  });

  it('is looked for at the beginning of a long text alone', () => {
    const padding = 'x'.repeat(16_384);
    expect(deviceInWords(`${padding} Firefox/145.0`, 'en')).toBe('an unknown program');
    expect(deviceInWords(`Firefox/145.0 ${padding}`, 'en')).toBe('Firefox');
  });
});
