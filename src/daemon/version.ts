import { readFileSync } from 'node:fs';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** Of this package; src/ and dist/ lie at the same depth in it. */
export const VERSION: string = version;
