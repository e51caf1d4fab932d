import { linkTo, purposes } from '@rekey/domain';
import type { Notice } from '@rekey/usecases';
import PostalMime, { type Email } from 'postal-mime';

export const from = { name: 'Rekey', address: 'no-reply@rekey.example.com' };

/** A notice with nothing unusual in it, but for what the test says. */
export function aNotice(unusual: Partial<Notice> = {}): Notice {
  const { kind = 'update_password' } = unusual;
  const token = 'aZ09-_'.repeat(12);
  return {
    id: '019a0000-0000-7000-8000-000000000001',
    kind,
    to: 'ada@example.com',
    locale: 'en',
    timezone: 'UTC',
    service: { name: 'Notes', emailText: null },
    supportUrl: null,
    newEmail: null,
    key: null,
    factor: null,
    happenedAt: Date.parse('2026-01-31T23:30:00Z'),
    origin: { address: '203.0.113.9', client: 'Firefox/145.0' },
    link: linkTo('https://notes.example.com/account?tab=a&b=c=d', {
      type: purposes.find((each) => each === kind) ?? 'register',
      email: 'ada@example.com',
      token,
    }),
    linkExpiresAt: Date.parse('2026-02-07T23:30:00Z'),
    ...unusual,
  };
}

export const parse = (message: Buffer | string): Promise<Email> => PostalMime.parse(message);

/** The text of markup as a reader sees it, and where its links lead. */
export function read(markup = ''): { text: string; links: string[] } {
  const decode = (text: string) =>
    text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => CHARS[entity]!);
  return {
    text: decode(markup.replaceAll(/<[^>]*>/g, '')),
    links: [...markup.matchAll(/href="([^"]*)"/g)].map(([, href]) => decode(href!)),
  };
}

const CHARS: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};
