import { globSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const TEST = fileURLToPath(new URL('..', import.meta.url));

/** Test files below `test/` that a suite runs in its one process. */
export function testFiles(pattern: string): string[] {
  return globSync(pattern, { cwd: TEST }).sort();
}

/** Declares the tests of all these files in this process. */
export async function importTests(pattern: string): Promise<void> {
  for (const file of testFiles(pattern)) await import(pathToFileURL(`${TEST}/${file}`).href);
}
