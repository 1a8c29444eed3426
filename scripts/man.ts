/** `npm run man`: writes the manual pages from the declared verbs and from the defaults. */
import { readFile, writeFile } from 'node:fs/promises';
import manifest from '../package.json' with { type: 'json' };
import { commandPage } from './man/command-page.ts';
import { configPage } from './man/config-page.ts';

const ROOT = new URL('../', import.meta.url);
const defaults = await readFile(new URL('config/default.yaml', ROOT), 'utf8');
await writeFile(new URL('man/rangemesh.1', ROOT), commandPage(manifest.version));
await writeFile(new URL('man/rangemesh.yaml.5', ROOT), configPage(manifest.version, defaults));
