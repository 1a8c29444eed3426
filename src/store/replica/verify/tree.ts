import {
  auditTree,
  freeLease,
  LevelNodeReader,
  openMeta,
  TreeSnapshot,
  treeShape,
} from '../../tree/index.ts';
import { treeFiles } from '../check/index.ts';
import type { Verification } from './verification.ts';

/** Items in a leaf, about: progress is given in items. */
const LEAF_ITEMS = 96;

const STEP_LEAVES = 8;

/**
 * Compares the tree with a recomputation, and its nodes with their records. Returns the tree as of the
 * verification's snapshot; null if it cannot be opened.
 */
export async function verifyTree(run: Verification): Promise<TreeSnapshot<number> | null> {
  const { database, keys, scheme, snapshot } = run;
  const files = treeFiles(database, keys, scheme);
  let tree: TreeSnapshot<number> | null = null;
  await run.guard('INDEX', async () => {
    const meta = openMeta(files, scheme, snapshot);
    const [root, size] = [meta.root === 0 ? null : meta.root, meta.count];
    const view = { reader: new LevelNodeReader(files, snapshot), root };
    const contains = (): boolean => {
      throw new Error('a verification asks for keys, never for ids');
    };
    tree = new TreeSnapshot({ scheme, size, view, contains, lease: freeLease() });
    let leaves = 0;
    const audited = auditTree(treeShape({ scheme }), files, { snapshot, root, fill: false });
    for await (const _ of audited) {
      leaves++;
      if (leaves % STEP_LEAVES === 0) await run.step('tree', Math.min(size, leaves * LEAF_ITEMS));
    }
  });
  return tree;
}
