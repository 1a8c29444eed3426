import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FENCE = /^(?:<!-- (.*?) -->\n)?```sh\n(.*?)^```$/gms;

/** A page of documentation. */
export interface DocPage {
  /** From the root of the project. */
  readonly name: string;
  readonly text: string;
}

/** A block of commands in a page. */
export interface CommandBlock {
  readonly page: string;
  /** The first line, for titles of tests. */
  readonly title: string;
  /** The comment above it. */
  readonly mark: string;
  readonly commands: string;
}

/** The pages that people read, in the order of their names. */
export function docPages(): DocPage[] {
  const docs = readdirSync(`${ROOT}/docs`).filter((name) => name.endsWith('.md'));
  return [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...docs.toSorted().map((name) => `docs/${name}`),
  ].map((name) => ({ name, text: readFileSync(`${ROOT}/${name}`, 'utf8') }));
}

/** The blocks of commands in a page. */
export function blocksOf({ name, text }: DocPage): CommandBlock[] {
  return [...text.matchAll(FENCE)].map(([, mark = '', commands]) => ({
    page: name,
    title: commands!.split('\n', 1)[0]!.replace(/\s+#.*$/, ''),
    mark,
    commands: commands!,
  }));
}
