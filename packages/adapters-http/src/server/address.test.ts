import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddresses, matcherOf, plainAddress } from './address.ts';

const PROXY = '10.0.0.1';
const clientAddress = clientAddresses(matcherOf(['10.0.0.0/8', 'fd00::/8']));

const addressOf = (headers: IncomingMessage['headers'], remoteAddress = PROXY) =>
  clientAddress({ headers, socket: { remoteAddress } as IncomingMessage['socket'] });

const by = (forwarded: string) => addressOf({ 'x-forwarded-for': forwarded });

describe('the address behind a proxy', () => {
  it.each([
    ['203.0.113.66', '203.0.113.66'],
    ['203.0.113.66:40001', '203.0.113.66'],
    ['"203.0.113.66:40001"', '203.0.113.66'],
    ['203.0.113.66:_port', '203.0.113.66'],
    ['2001:db8::7', '2001:db8::7'],
    ['2001:DB8:0:0::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['"[2001:db8::7]:443"', '2001:db8::7'],
    ['2001:db8:85a3:8d3:1319:8a2e:370:7348:8080', '2001:db8:85a3:8d3:1319:8a2e:370:7348'],
    ['::ffff:203.0.113.66', '203.0.113.66'],
    ['::ffff:cb00:7142', '203.0.113.66'],
    ['[::ffff:203.0.113.66]:80', '203.0.113.66'],
    ['fe80::1%eth0', 'fe80::1'],
    ['  203.0.113.66  ', '203.0.113.66'],
    [',, 203.0.113.66 ,', '203.0.113.66'],
  ])('is read from X-Forwarded-For: %s', (forwarded, address) => {
    expect(by(forwarded)).toBe(address);
  });

  it.each([
    ['for=203.0.113.66', '203.0.113.66'],
    ['For="203.0.113.66:40001"', '203.0.113.66'],
    ['for=203.0.113.66;proto=https;by=10.0.0.1', '203.0.113.66'],
    ['proto=https ; FOR="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for="[2001:db8:cafe::17]:_secret";host="a.example"', '2001:db8:cafe::17'],
    [String.raw`for="203.0.113.\66"`, '203.0.113.66'],
    ['for=198.51.100.1, for=203.0.113.66', '203.0.113.66'],
    ['for=203.0.113.66, for=10.0.0.9', '203.0.113.66'],
    ['for=203.0.113.66, for="[fd00::9]:1"', '203.0.113.66'],
    // What a client began and did not end is no part of what the proxy added.
    ['for=", for=203.0.113.66', '203.0.113.66'],
  ])('is read from Forwarded: %s', (forwarded, address) => {
    expect(addressOf({ forwarded })).toBe(address);
  });

  it('is the one that the nearest trusted proxies tell, whatever a client wrote before', () => {
    expect(by('1.1.1.1, 203.0.113.66')).toBe('203.0.113.66');
    expect(by('1.1.1.1, 203.0.113.66:5, 10.0.0.9:80, [fd00::9]')).toBe('203.0.113.66');
    expect(by(`${'1.1.1.1,'.repeat(2000)} 203.0.113.66`)).toBe('203.0.113.66');
    expect(by('10.0.0.9')).toBe('10.0.0.9');
  });

  it.each([
    'unknown',
    '_hidden',
    'unix:',
    'localhost',
    '010.1.1.1',
    '1.1.1.1:99999999',
    '1.1.1.1.1',
    '[203.0.113.66',
    '"203.0.113.66',
    '[]',
    '203.0.113.66;x',
  ])('is that of the proxy which names nobody: %s', (node) => {
    expect(by(`1.1.1.1, ${node}`)).toBe(PROXY);
    expect(by(`1.1.1.1, ${node}, 10.0.0.9`)).toBe('10.0.0.9');
    expect(addressOf({ forwarded: `for=1.1.1.1, for=${node}` })).toBe(
      node === '203.0.113.66;x' ? '203.0.113.66' : PROXY,
    );
  });

  it.each(['proto=https', 'for=1.1.1.1;for=2.2.2.2', 'fortress=1.1.1.1', ''])(
    'is that of the proxy whose Forwarded says not whom it is for: %j',
    (forwarded) => {
      expect(addressOf({ forwarded })).toBe(PROXY);
    },
  );

  it('is read from X-Forwarded-For where both are there: proxies pass the other on as it came', () => {
    const headers = { 'x-forwarded-for': '203.0.113.66', forwarded: 'for=1.1.1.1' };
    expect(addressOf(headers)).toBe('203.0.113.66');
  });

  it('is that of each request by itself where a proxy sends several on one connection', () => {
    const socket = { remoteAddress: PROXY } as IncomingMessage['socket'];
    const seen = ['203.0.113.66', '203.0.113.67', undefined].map((forwarded) =>
      clientAddress({ socket, headers: { 'x-forwarded-for': forwarded } }),
    );
    expect(seen).toEqual(['203.0.113.66', '203.0.113.67', PROXY]);
  });

  it('is that of the socket where nobody is trusted to tell another', () => {
    const headers = { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=1.1.1.1' };
    expect(addressOf(headers, '203.0.113.66')).toBe('203.0.113.66');
    expect(addressOf(headers, '::ffff:203.0.113.66')).toBe('203.0.113.66');
    expect(addressOf(headers, '::ffff:10.0.0.1')).toBe('1.1.1.1');
  });
});

it.each([
  ['::FFFF:1.2.3.4', '1.2.3.4'],
  ['fe80::1%eth0', 'fe80::1'],
  ['unknown', 'unknown'],
  ['1.2.3.4', '1.2.3.4'],
])('%s is written as %s', (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});
