import { equalBytes, readU64BE } from '../../bytes.ts';
import { combineAll, type FingerprintScheme } from '../../fingerprint/index.ts';
import { behind, type Database, passOver, walkOnce } from '../../level/index.ts';
import { corrupt, isLeaf, LevelNodeReader, type TreeNode } from '../../tree/index.ts';
import { treeFiles } from '../check/index.ts';
import type { SetKeys } from '../records/index.ts';

export interface NodePatrolInit {
  keys: SetKeys;
  scheme: FingerprintScheme;
}

/**
 * Checks the nodes of the tree on disk, a few at a time, round and round: each must be whole, its
 * children must be there, and its summary must follow from its ids or its children's summaries.
 */
export class NodePatrol {
  readonly #init: NodePatrolInit;
  #from: Uint8Array | null = null;

  constructor(init: NodePatrolInit) {
    this.#init = init;
  }

  /** Checks the next nodes, as of one moment. Throws `STORE_CORRUPT` at the first fault. */
  async step(database: Database, nodes: number): Promise<void> {
    const { keys, scheme } = this.#init;
    const { gte, lt } = keys.nodes;
    const range = { gte: this.#from === null ? gte : behind(this.#from), lt };
    const snapshot = database.snapshot();
    try {
      // An unreadable node is found from its parent, if it has one.
      const options = { records: nodes, values: false, snapshot, unreadable: passOver };
      this.#from = null;
      const found = await walkOnce(database, range, options);
      this.#from = found.at(-1)?.[0] ?? null;
      const reader = new LevelNodeReader(treeFiles(database, keys, scheme), snapshot);
      for (const [key] of found) this.#check(key, reader);
    } finally {
      await snapshot.close();
    }
  }

  #check(key: Uint8Array, reader: LevelNodeReader): void {
    const ref = Number(readU64BE(key, key.length - 8));
    const node = reader.node(ref);
    for (const child of node.children ?? []) reader.node(child);
    if (equalBytes(reader.summary(ref), this.#recomputed(reader, node))) return;
    const problem = 'does not have the summary that follows from what is below it';
    throw corrupt(this.#init.keys.name, key, problem);
  }

  #recomputed(reader: LevelNodeReader, node: TreeNode<number>): Uint8Array {
    const { scheme } = this.#init;
    const state = scheme.empty();
    if (isLeaf(node)) scheme.add(state, node.ids);
    else
      combineAll(
        scheme,
        state,
        node.children.map((child) => reader.summary(child)),
      );
    return state;
  }
}
