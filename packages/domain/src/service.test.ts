import { describe, expect, test } from 'vitest';
import {
  formServiceName,
  type GivenService,
  IllegalArgument,
  linkPageOf,
  parseService,
  parseServiceName,
  parseSupportUrl,
  remainsOf,
  type Service,
  serviceDefaults,
} from './index.ts';

const service: Service = {
  id: 's1',
  createdAt: 1,
  updatedAt: 2,
  ...serviceDefaults,
  name: 'Shop',
  url: 'https://shop.example',
};

describe('a name of a service', () => {
  test('is one like any other', () => {
    expect(parseServiceName(' Shop ')).toBe('Shop');
    expect(() => parseServiceName('a\nb')).toThrow(IllegalArgument);
  });

  test('is not that of the built-in service', () => {
    expect(() => parseServiceName(` ${formServiceName} `)).toThrow(IllegalArgument);
  });
});

describe('a place to find help', () => {
  test.each([
    'https://shop.example/help?a=b#c',
    'HTTPS://shop.example',
    'mailto:help@shop.example',
    'MAILTO:Help@Shop.Example',
  ])('is kept as given: %s', (text) => {
    expect(parseSupportUrl(text)).toBe(text);
  });

  test.each([
    '',
    'http://shop.example',
    'https://user:pass@shop.example',
    'https://shop.example/a b',
    `https://shop.example/${'a'.repeat(2000)}`,
    'help@shop.example',
    'mailto:',
    'mailto:help',
    'mailto:help@shop.example?bcc=eve@evil.example',
    'mailto:help@shop.example,eve@evil.example',
    'mailto:help%40shop.example',
    'mailto://help@shop.example',
    'tel:+15550100',
    'javascript:alert(1)',
  ])('is https or one address, unlike %j', (text) => {
    expect(() => parseSupportUrl(text)).toThrow(IllegalArgument);
  });
});

describe('what is given of a service', () => {
  test('is all that there is of it, as it is kept', () => {
    expect(parseService({ name: ' Shop ', url: undefined, isEnabled: false })).toEqual({
      name: 'Shop',
      isEnabled: false,
    });
    expect(parseService({})).toEqual({});
  });

  test('is empty for what there is to be none of', () => {
    expect(
      parseService({
        userEmailText: '',
        providerLocalUrl: '',
        providerGithubOauth2Url: '',
        providerMicrosoftOauth2Url: '',
        providerGoogleOauth2Url: '',
        supportUrl: '',
      }),
    ).toEqual({
      userEmailText: '',
      providerLocalUrl: null,
      providerGithubOauth2Url: null,
      providerMicrosoftOauth2Url: null,
      providerGoogleOauth2Url: null,
      supportUrl: null,
    });
  });

  test('is a URL of this machine as well', () => {
    const url = 'http://localhost';
    const urls = {
      url,
      providerLocalUrl: url,
      providerGithubOauth2Url: url,
      providerMicrosoftOauth2Url: url,
      providerGoogleOauth2Url: url,
    };
    expect(parseService(urls)).toEqual(urls);
  });

  test('reads as no link where it may not', () => {
    const linkless = (given: GivenService) => () => parseService(given, { mayLink: false });
    expect(linkless({ name: 'Shop', userEmailText: '' })()).toEqual({
      name: 'Shop',
      userEmailText: '',
    });
    for (const given of [{ name: 'shop.example' }, { userEmailText: 'See shop.example' }]) {
      expect(linkless(given)).toThrow(IllegalArgument);
      expect(parseService(given)).toEqual(given);
    }
  });

  test('is refused all at once, each by its own name', () => {
    const wrong: GivenService = {
      name: '',
      url: '',
      userEmailText: 'a\tb',
      providerLocalUrl: 'shop',
      providerGithubOauth2Url: 'javascript:alert(1)',
      providerMicrosoftOauth2Url: 'ftp://shop',
      supportUrl: 'http://shop.example',
    };
    expect.assertions(1);
    try {
      parseService(wrong);
    } catch (error) {
      const { violations } = error as IllegalArgument;
      expect(violations.map(({ field }) => field)).toEqual(Object.keys(wrong));
    }
  });
});

test('links lead to the page of a service that is enabled, and otherwise to the one that Rekey hosts', () => {
  const page = (details: Partial<Service>) =>
    linkPageOf({ ...service, ...details }, 'https://rekey.example');
  const providerLocalUrl = 'https://shop.example/local';
  expect(page({ providerLocalUrl })).toBe(providerLocalUrl);
  expect(page({ providerLocalUrl, isEnabled: false })).toBe('https://rekey.example/local');
  expect(page({})).toBe('https://rekey.example/local');
});

test('of a service that is deleted nothing but its name remains', () => {
  const full: Service = {
    ...service,
    userAllowRegister: true,
    userEmailText: 'Call 555.',
    providerLocalUrl: 'https://shop.example/local',
    supportUrl: 'mailto:help@shop.example',
    seesAllUsers: true,
  };
  expect(remainsOf(full, 3)).toEqual({
    id: 's1',
    createdAt: 1,
    updatedAt: 3,
    ...serviceDefaults,
    isEnabled: false,
    name: 'Shop',
    url: '',
  });
});
