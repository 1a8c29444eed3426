import { readSync } from '../../level/index.ts';
import {
  auditTree,
  ByteCache,
  corrupt,
  decodeMeta,
  freeLease,
  LevelNodeReader,
  type LevelTreeFiles,
  readOptions,
  readRecord,
  type TreeMeta,
  TreeSnapshot,
  treeShape,
} from '../../tree/index.ts';
import type { Verification } from './verification.ts';

/** Bytes of nodes kept while the tree is read. */
const CACHE_BYTES = 8 * 2 ** 20;

/** Items in a leaf, about: progress is told in items. */
const LEAF_ITEMS = 96;

/** Leaves between two steps. */
const STEP_LEAVES = 8;

/** The tree as of the verification's snapshot; null, and a finding, when it cannot be opened. */
export async function openVerifiedTree(run: Verification): Promise<TreeSnapshot<number> | null> {
  let tree: TreeSnapshot<number> | null = null;
  await run.findings.guard('INDEX', async () => {
    const meta = readMeta(run);
    const view = {
      reader: new LevelNodeReader(filesOf(run), run.snapshot),
      root: meta.root === 0 ? null : meta.root,
    };
    const { scheme } = run;
    const contains = (): boolean => {
      throw new Error('a verification asks for keys, never for ids');
    };
    tree = new TreeSnapshot({ scheme, size: meta.count, view, contains, lease: freeLease() });
  });
  return tree;
}

/** Compares the whole tree with a recomputation, and its nodes with the records there are. */
export async function verifyTree(run: Verification, tree: TreeSnapshot<number>): Promise<void> {
  await run.findings.guard('INDEX', async () => {
    const { root } = readMeta(run);
    const audited = auditTree(treeShape({ scheme: run.scheme }), filesOf(run), {
      snapshot: run.snapshot,
      root: root === 0 ? null : root,
      fill: false,
    });
    let leaves = 0;
    for await (const _ of audited) {
      leaves++;
      if (leaves % STEP_LEAVES === 0) {
        await run.step('tree', Math.min(tree.size, leaves * LEAF_ITEMS));
      }
    }
  });
}

function filesOf({ database, keys, scheme }: Verification): LevelTreeFiles {
  const { stateBytes } = scheme;
  const cache: LevelTreeFiles['cache'] = new ByteCache(CACHE_BYTES);
  return { database, name: keys.name, keys: keys.tree, stateBytes, cache };
}

function readMeta(run: Verification): TreeMeta {
  const files = filesOf(run);
  const options = readOptions(run.snapshot);
  const { meta: key } = files.keys;
  const none = { scheme: run.scheme.name, root: 0, level: 0, count: 0, nextRef: 1 };
  if (readSync(run.database, key, options) === undefined) return none;
  const meta = readRecord(files, key, options, decodeMeta);
  if (meta.scheme !== run.scheme.name) {
    throw corrupt(files.name, key, `keeps ${meta.scheme}, not ${run.scheme.name}`);
  }
  return meta;
}
