import path from 'node:path';
import type { NextConfig } from 'next';

export default {
  // The client is TypeScript, and lies outside of this folder.
  transpilePackages: ['@rekey/client'],
  turbopack: { root: path.join(import.meta.dirname, '../..') },
  poweredByHeader: false,
} satisfies NextConfig;
