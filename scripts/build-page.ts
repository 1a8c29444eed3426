import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * `npm run page`: bundles the status page of `src/daemon/page/view/` into the module that the daemon serves.
 */
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const VIEW = 'src/daemon/page/view';
const OUTPUT = new URL('../src/daemon/page/page.generated.ts', import.meta.url);

/** Parts of the bundle; their licences go where the bundle goes. */
const LIBRARIES = ['preact', 'uplot'];

/** The text of the generated module. Equal sources give equal text. */
export async function generatePage(): Promise<string> {
  const [script, style] = await Promise.all([bundled('entry.ts'), bundled('style.css')]);
  const licences = await Promise.all(LIBRARIES.map(licenceOf));
  return [
    `// Generated from ${VIEW}/ by \`npm run page\`; do not edit.`,
    ...licences,
    `// Script: ${script.length} characters, SHA-256: ${digestOf(script)}`,
    `// Style: ${style.length} characters, SHA-256: ${digestOf(style)}`,
    `export const PAGE_SCRIPT: string = ${JSON.stringify(script)};`,
    `export const PAGE_STYLE: string = ${JSON.stringify(style)};`,
    '',
  ].join('\n');
}

async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${VIEW}/${entry}`],
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    charset: 'ascii',
    platform: 'browser',
    format: 'esm',
    target: ['chrome120', 'firefox121', 'safari17.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text.trim();
}

async function licenceOf(library: string): Promise<string> {
  const text = await readFile(
    new URL(`../node_modules/${library}/LICENSE`, import.meta.url),
    'utf8',
  );
  return `/* Contains ${library}:\n${text.trim()}\n*/`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(OUTPUT, await generatePage());
}
