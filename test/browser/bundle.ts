import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The program as one file for browsers, minified. Throws for an import that only Node has. */
export async function bundle(entry: { file: string } | { code: string }): Promise<string> {
  const { outputFiles } = await build({
    ...('file' in entry
      ? { entryPoints: [entry.file] }
      : { stdin: { contents: entry.code, resolveDir: ROOT, loader: 'ts' } }),
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

export function gzipBytes(text: string): number {
  return gzipSync(text, { level: 9 }).length;
}
