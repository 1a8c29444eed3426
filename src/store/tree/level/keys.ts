import { pooledBytes, writeU64BE } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';

/**
 * How a tree lies in its database. Every key begins with its name and a slash:
 *
 *     <name>/m            meta
 *     <name>/n ref u64 BE node
 *     <name>/s ref u64 BE summary of that node
 *     <name>/i id         hint u64 LE, in a tree that keeps its own ids
 */
export interface TreeKeys {
  readonly meta: Uint8Array;
  node(ref: number): Uint8Array;
  summary(ref: number): Uint8Array;
  id(id: Uint8Array): Uint8Array;
  /** All records of the tree. */
  readonly range: { readonly gte: Uint8Array; readonly lt: Uint8Array };
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const encoder = new TextEncoder();

/** Throws `INVALID_NAME` for a name that is not 1 to 64 of a-z, 0-9, dot, dash and underscore. */
export function treeKeys(name: string): TreeKeys {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new StoreError(
      'INVALID_NAME',
      `a tree is named by 1 to 64 of a-z, 0-9, '.', '-' and '_', a letter or digit first, not '${String(name)}'`,
    );
  }
  const prefix = (suffix: string): Uint8Array => encoder.encode(`${name}${suffix}`);
  const nodes = prefix('/n');
  const summaries = prefix('/s');
  const ids = prefix('/i');
  return {
    meta: prefix('/m'),
    node: (ref) => numbered(nodes, ref),
    summary: (ref) => numbered(summaries, ref),
    id: (id) => {
      const key = pooledBytes(ids.length + id.length);
      key.set(ids);
      key.set(id, ids.length);
      return key;
    },
    range: { gte: prefix('/'), lt: prefix('0') },
  };
}

function numbered(prefix: Uint8Array, ref: number): Uint8Array {
  const key = pooledBytes(prefix.length + 8);
  key.set(prefix);
  writeU64BE(key, prefix.length, BigInt(ref));
  return key;
}
