import type { AbstractSnapshot } from 'abstract-level';
import { StoreError } from '../../errors.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { viewsOf } from '../../level/index.ts';
import { decodeMeta, type TreeMeta } from './meta.ts';
import { corrupt, findRecord, LevelNodeReader, type LevelTreeFiles } from './reader.ts';

/**
 * The meta of a tree, checked against its root; that of an empty tree where there is none.
 * Throws `STORE_CORRUPT`, or `UNSUPPORTED_SCHEMA` for a tree of another scheme.
 */
export function openMeta(
  files: LevelTreeFiles,
  scheme: FingerprintScheme,
  snapshot?: AbstractSnapshot,
): TreeMeta {
  const { name, keys } = files;
  const meta = findRecord(files, keys.meta, viewsOf(snapshot), decodeMeta);
  if (meta === undefined) return { scheme: scheme.name, root: 0, level: 0, count: 0, nextRef: 1 };
  if (meta.scheme !== scheme.name) {
    throw new StoreError(
      'UNSUPPORTED_SCHEMA',
      `the tree '${name}' keeps ${meta.scheme}, not ${scheme.name}: open it with that, or build it again from the items`,
    );
  }
  checkRoot(files, meta, snapshot);
  return meta;
}

function checkRoot(
  files: LevelTreeFiles,
  { root, level, count }: TreeMeta,
  snapshot: AbstractSnapshot | undefined,
): void {
  if (root === 0) return;
  const node = new LevelNodeReader(files, snapshot).node(root);
  if (node.level === level && node.count === count) return;
  throw corrupt(files.name, files.keys.node(root), 'has another level or count than the meta says');
}
