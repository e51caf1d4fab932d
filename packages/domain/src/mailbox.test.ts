import { describe, expect, it } from 'vitest';
import { canonicalEmail } from './email.ts';
import { domainOf, mailboxOf } from './mailbox.ts';

const canonical = (text: string) => canonicalEmail(text) ?? '';

describe('the mailbox of an address', () => {
  it.each([
    ['ada@example.com', 'ada@example.com'],
    ['Ada+shop@Example.com', 'ada@example.com'],
    ['ada+a+b@example.com', 'ada@example.com'],
    ['a.da@example.com', 'a.da@example.com'],
    ['a.d.a@gmail.com', 'ada@gmail.com'],
    ['A.da+x@GoogleMail.com', 'ada@gmail.com'],
    ['+ada@example.com', '+ada@example.com'],
    ['+ada+x@example.com', '+ada@example.com'],
    ['ada@gmail.com.example.net', 'ada@gmail.com.example.net'],
    ['jörg+x@bücher.example', 'jörg@xn--bcher-kva.example'],
  ])('of %s is %s', (address, mailbox) => {
    expect(mailboxOf(canonical(address))).toBe(mailbox);
    expect(mailboxOf(mailbox)).toBe(mailbox);
  });
});

it('the domain of an address is what stands behind its last @', () => {
  expect(domainOf(canonical('Ada@mail.Example.com'))).toBe('mail.example.com');
});
