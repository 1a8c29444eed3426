import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

/** Where Chromium is: `RANGEMESH_CHROMIUM`, or in the PATH; null when it is not there. */
export function chromiumPath(): string | null {
  const { RANGEMESH_CHROMIUM, PATH = '' } = process.env;
  if (RANGEMESH_CHROMIUM !== undefined) return RANGEMESH_CHROMIUM;
  const paths = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}
