import { opendir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

export interface SourceFile {
  readonly path: string;
  readonly bytes: number;
  /** Modification time in whole milliseconds. */
  readonly hint: bigint;
}

export interface SourceTree {
  readonly files: readonly SourceFile[];
  /** Files above the limit. */
  readonly skipped: number;
}

/**
 * The regular files below `root` in a stable order, but for what tools keep in a `.cache`; those above
 * `maxBytes` are only counted.
 */
export async function readTree(root: string, maxBytes: number): Promise<SourceTree> {
  const files: SourceFile[] = [];
  let skipped = 0;
  for await (const entry of await opendir(root, { recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (relative(root, path).split(sep).includes('.cache')) continue;
    const { size, mtimeMs } = await stat(path);
    if (size > maxBytes) skipped++;
    else files.push({ path, bytes: size, hint: BigInt(Math.trunc(mtimeMs)) });
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, skipped };
}

/** Which nodes hold a file at first: one in four is everybody's, one in four has two holders. */
const HOLDERS: readonly (readonly number[])[] = [
  [0],
  [1],
  [2],
  [0, 1, 2],
  [0, 1],
  [1, 2],
  [0, 2],
  [0],
  [1],
  [2],
  [0, 1, 2],
  [0, 1, 2],
];

/** The part of the tree that node `node` of three starts with; parts differ and overlap. */
export function partOf(files: readonly SourceFile[], node: number): SourceFile[] {
  return files.filter((_, index) => HOLDERS[index % HOLDERS.length]!.includes(node));
}
