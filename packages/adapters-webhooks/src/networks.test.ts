import { expect, test } from 'vitest';
import { guard, parseNetworks } from './networks.ts';

test.each([
  ['0.0.0.0', 'this network'],
  ['10.1.2.3', 'a private network'],
  ['100.64.0.1', 'a network behind a carrier'],
  ['127.0.0.1', 'this machine'],
  ['127.9.9.9', 'this machine'],
  ['169.254.169.254', 'the credentials of a machine'],
  ['168.63.129.16', 'the platform of Azure'],
  ['172.16.0.1', 'a private network'],
  ['172.31.255.255', 'a private network'],
  ['192.0.0.192', 'the credentials of a machine at Oracle'],
  ['192.0.2.1', 'documentation'],
  ['192.168.1.1', 'a private network'],
  ['198.18.0.1', 'benchmarks'],
  ['224.0.0.1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'nothing'],
  ['::1', 'this machine'],
  ['::ffff:10.0.0.1', 'a private network, mapped'],
  ['::ffff:a9fe:a9fe', 'credentials, mapped, in hexadecimal'],
  ['::10.0.0.1', 'a private network, as it was compatible once'],
  ['64:ff9b::10.0.0.1', 'a private network, by NAT64'],
  ['64:ff9b:1::1', 'NAT64 of a network'],
  ['100::1', 'a hole'],
  ['2001::1', 'Teredo'],
  ['2001:db8::1', 'documentation'],
  ['2002:a00:1::1', 'a private network, by 6to4'],
  ['fc00::1', 'a private network'],
  ['fd00:ec2::254', 'the credentials of a machine'],
  ['fe80::1', 'a link'],
  ['fe80::1%eth0', 'a link, with its zone'],
  ['fec0::1', 'a site'],
  ['ff02::1', 'multicast'],
  ['5f00::1', 'segment routing'],
  ['receiver.example', 'no address at all'],
])('%s is closed: %s', (address) => {
  expect(guard([])(address)).toBe(false);
});

test.each(['1.1.1.1', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700::1', '2a00::1'])(
  '%s is open',
  (address) => {
    expect(guard([])(address)).toBe(true);
  },
);

test('what the operator opens is open, and nothing beside it', () => {
  const isOpen = guard(parseNetworks('10.20.0.0/16, ::1 ,192.168.1.7'));
  expect(isOpen('10.20.255.1')).toBe(true);
  expect(isOpen('::ffff:10.20.0.1')).toBe(true);
  expect(isOpen('10.21.0.1')).toBe(false);
  expect(isOpen('::1')).toBe(true);
  expect(isOpen('127.0.0.1')).toBe(false);
  expect(isOpen('192.168.1.7')).toBe(true);
  expect(isOpen('192.168.1.8')).toBe(false);
});

test.each(['10.0.0.0/33', '10.0.0', 'receiver.example', '10.0.0.0/8/8', '::/129', '10.0.0.0/-1'])(
  '%s is no network',
  (text) => {
    expect(() => parseNetworks(text)).toThrow('must be networks like 10.0.0.0/8');
  },
);
