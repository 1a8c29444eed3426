import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './find.ts';
import type { Edit } from './mutators.ts';

/** A mutant that changes nothing a caller could see, and why. */
export interface Equivalent {
  readonly file: string;
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** A mistake that once passed the suite, and the test that notices it now. */
export interface Planted {
  readonly name: string;
  readonly file: string;
  /** Source text that stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
  readonly test: string;
}

export function readEquivalents(root: string): Equivalent[] {
  return readLists<Equivalent>(join(root, 'test/mutants/equivalent'));
}

export function readPlanted(root: string): Planted[] {
  return readLists<Planted>(join(root, 'test/mutants/planted'));
}

function readLists<T>(folder: string): T[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names
    .sort()
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T[]);
}

export function isSame(entry: Equivalent, mutant: Mutant): boolean {
  return (
    entry.file === mutant.file &&
    entry.at === mutant.at &&
    entry.from === mutant.from &&
    entry.to === mutant.to
  );
}

/** Where a planted mistake goes. Throws when its text is not there exactly once. */
export function editOf(root: string, planted: Planted): Edit & { readonly file: string } {
  const text = readFileSync(join(root, planted.file), 'utf8');
  const start = text.indexOf(planted.from);
  if (start === -1 || text.indexOf(planted.from, start + 1) !== -1) {
    throw new Error(
      `"${planted.name}": its text must stand in ${planted.file} exactly once; bring the list up to date`,
    );
  }
  return { file: planted.file, start, end: start + planted.from.length, text: planted.to };
}
