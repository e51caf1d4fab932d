import path from 'node:path';
import type { NextConfig } from 'next';

/** Next.js starts its pages by scripts within them, and while it develops it evaluates some. */
const scripts = `'self' 'unsafe-inline'${process.env.NODE_ENV === 'production' ? '' : " 'unsafe-eval'"}`;

/** Nothing comes from elsewhere, and nothing is framed or guessed. */
const securityHeaders = {
  'Content-Security-Policy': `default-src 'self'; script-src ${scripts}; style-src 'self' 'unsafe-inline'; object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  ...(process.env.NODE_ENV === 'production' && {
    'Strict-Transport-Security': 'max-age=31536000',
  }),
};

export default {
  // The client is TypeScript, and lies outside of this folder.
  transpilePackages: ['@rekey/client'],
  turbopack: { root: path.join(import.meta.dirname, '../..') },
  poweredByHeader: false,
  headers: async () => [
    {
      source: '/:path*',
      headers: Object.entries(securityHeaders).map(([key, value]) => ({ key, value })),
    },
  ],
} satisfies NextConfig;
