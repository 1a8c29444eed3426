import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { PAGE_SCRIPT, PAGE_STYLE } from './page.generated.ts';

/** The page in one content encoding. */
export interface PageForm {
  readonly encoding: 'gzip' | null;
  /** A strong entity tag of these bytes, quotes included. */
  readonly etag: string;
  readonly bytes: Uint8Array;
}

/** Colours of the mark in `view/header.tsx`; a separate file would be a second request. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='%232b5fd9' stroke='%232b5fd9'" +
  "%3E%3Cpath d='M12 5 4.5 18h15z' fill='none' stroke-width='1.6'/%3E%3Ccircle cx='12' cy='5' r='3'/%3E" +
  "%3Ccircle cx='4.5' cy='18' r='3'/%3E%3Ccircle cx='19.5' cy='18' r='3'/%3E%3C/svg%3E";

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>rangemesh</title>
<link rel="icon" href="${ICON}">
<style>${PAGE_STYLE}</style>
</head>
<body>
<noscript>This page needs JavaScript. "rangemesh status" shows the same on a terminal.</noscript>
<script type="module">${PAGE_SCRIPT}</script>
</body>
</html>
`;

/** The page, which holds no data of the node. Both forms are made once. */
export class StatusPage {
  /** No resource but script and style of the page itself, and the calls of this endpoint. */
  readonly policy: string = [
    "default-src 'none'",
    `script-src ${sourceOf(PAGE_SCRIPT)}`,
    `style-src ${sourceOf(PAGE_STYLE)}`,
    // The icon lies within the page.
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  readonly #plain = formOf(Buffer.from(HTML), null);
  #packed: Promise<PageForm> | null = null;

  /** The shorter form where the client takes it. */
  async form(takesGzip: boolean): Promise<PageForm> {
    if (!takesGzip) return this.#plain;
    this.#packed ??= promisify(gzip)(this.#plain.bytes, { level: 9 }).then((bytes) =>
      formOf(bytes, 'gzip'),
    );
    return this.#packed;
  }
}

function formOf(bytes: Buffer, encoding: PageForm['encoding']): PageForm {
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { encoding, etag: `"${digest.slice(0, 32)}"`, bytes };
}

/** Allows this text alone: see "script-src" in Content Security Policy Level 3, section 6.7. */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
