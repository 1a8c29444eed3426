import type { AbstractSnapshot } from 'abstract-level';
import { readU64BE } from '../../bytes.ts';
import { behind, walk } from '../../level/index.ts';
import { type CheckOptions, checkSteps } from '../check.ts';
import type { TreeShape } from '../shape.ts';
import { corrupt, LevelNodeReader, type LevelTreeFiles } from './reader.ts';

export interface AuditInit extends Pick<CheckOptions<number>, 'fill'> {
  readonly snapshot: AbstractSnapshot;
  readonly root: number | null;
}

/**
 * Checks the tree under `root` from its leaves up, then that the nodes and summaries in the database
 * are those of the tree and no others. Throws `STORE_CORRUPT` at the first fault.
 */
export async function* auditTree(
  shape: TreeShape,
  files: LevelTreeFiles,
  { snapshot, root, fill = true }: AuditInit,
): AsyncGenerator<void, void> {
  const reader = new LevelNodeReader(files, snapshot);
  const refs = new Set<number>();
  yield* checkSteps(shape, { reader, root }, { fill, visit: (ref) => refs.add(ref) });
  for (const keyOf of [files.keys.node, files.keys.summary]) {
    const range = { gte: keyOf(0), lt: behind(keyOf(Number.MAX_SAFE_INTEGER)) };
    for await (const records of walk(files.database, range, { snapshot, values: false })) {
      const stray = records.find(([key]) => !refs.has(Number(readU64BE(key, key.length - 8))));
      if (stray !== undefined)
        throw corrupt(files.name, stray[0], 'belongs to no node of the tree');
      yield;
    }
  }
}
