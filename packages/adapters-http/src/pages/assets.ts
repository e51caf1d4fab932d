import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { shadesOf } from '@rekey/wording';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpOptions } from '../server/deps.ts';
import { colorsOf } from './colors.ts';

/** A file that pages ask for. */
type Asset = {
  readonly type: string;
  readonly content: Buffer;
  /** Stands for the content in URLs. */
  readonly version: string;
  /** Whether somebody else made it. */
  readonly isForeign?: true;
};

export type Assets = ReturnType<typeof assetsOf>;

const read = (file: string): Buffer => readFileSync(new URL(file, import.meta.url));
/** The file of a package that is for browsers. */
const readPackaged = (name: string): Buffer => read(import.meta.resolve(name));

const SCRIPT = 'text/javascript; charset=utf-8';

// Read once, and not before there is a server: the command line has no pages.
let packaged: { core: Asset; common: Asset } | undefined;

/** All files of the pages, by the name that they have below `/local`. */
export function assetsOf({ brandColor, brandLogo }: HttpOptions) {
  packaged ??= {
    core: asset(SCRIPT, readPackaged('@zxcvbn-ts/core/dist/zxcvbn-ts.js')),
    common: asset(SCRIPT, readPackaged('@zxcvbn-ts/language-common/dist/zxcvbn-ts.js')),
  };
  const style = Buffer.concat([Buffer.from(colorsOf(brandColor)), read('./static/style.css')]);
  return {
    'style.css': asset('text/css; charset=utf-8', style),
    'change-password.js': asset(SCRIPT, read('./static/change-password.js')),
    'new-password.js': asset(SCRIPT, read('./static/new-password.js')),
    'passkeys.js': asset(SCRIPT, read('./static/passkeys.js')),
    'icon.svg': asset('image/svg+xml', Buffer.from(iconOf(brandColor))),
    'zxcvbn-core.js': packaged.core,
    'zxcvbn-common.js': packaged.common,
    logo: brandLogo && { ...asset(brandLogo.type, brandLogo.content), isForeign: true as const },
  } as const;
}

/** A key, in the operator's colour. */
const iconOf = (color: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="${shadesOf(color).light}"/><path fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" d="M11.2 15a3 3 0 1 1-6 0 3 3 0 0 1 6 0M10.3 12.9l7.4-7.4M15 8.2l2.2 2.2M12.4 10.8l1.6 1.6"/></svg>`;

function asset(type: string, content: Buffer): Asset {
  const version = createHash('sha256').update(content).digest('base64url').slice(0, 12);
  return { type, content, version };
}

/** An SVG of somebody else, opened by itself, may run nothing and load nothing. */
const SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

const YEAR_S = 31_536_000;

/** Kept for a year under a URL that names its version, and not at all under another: servers of two versions may answer in turn. */
export function sendAsset({ type, content, version, isForeign }: Asset) {
  let compressed: Promise<Buffer> | undefined;
  return async ({ query, headers }: FastifyRequest, reply: FastifyReply): Promise<Buffer> => {
    reply.type(type).header('vary', 'Accept-Encoding');
    if (isForeign && type === 'image/svg+xml') reply.header('content-security-policy', SVG_POLICY);
    if ((query as { v?: unknown }).v === version) {
      reply.header('cache-control', `public, max-age=${YEAR_S}, immutable`);
    }
    if (!/\bgzip\b/.test(String(headers['accept-encoding']))) return content;
    compressed ??= promisify(gzip)(content);
    reply.header('content-encoding', 'gzip');
    return compressed;
  };
}
