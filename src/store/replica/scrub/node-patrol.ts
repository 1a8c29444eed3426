import { equalBytes, readU64BE } from '../../bytes.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { combineAll } from '../../fingerprint/index.ts';
import {
  behind,
  type Database,
  passOver,
  plain,
  RecordError,
  readSync,
  VIEWS,
  walk,
} from '../../level/index.ts';
import type { TreeNode } from '../../tree/index.ts';
import { corrupt, decodeNode, decodeSummary, isLeaf } from '../../tree/index.ts';
import type { SetKeys } from '../records/index.ts';

export interface NodePatrolInit {
  keys: SetKeys;
  /** Of the summaries. */
  scheme: FingerprintScheme;
}

/**
 * Goes round the nodes of the tree, a few at a time, as they lie on disk: each must be whole, its
 * children must be there, and its summary must be that of its ids, or of its children's summaries.
 */
export class NodePatrol {
  readonly #init: NodePatrolInit;
  #from: Uint8Array | null = null;

  constructor(init: NodePatrolInit) {
    this.#init = init;
  }

  /** Looks at the next nodes, as of one moment. Throws `STORE_CORRUPT` at the first fault. */
  async step(database: Database, nodes: number): Promise<void> {
    const { gte, lt } = this.#init.keys.nodes;
    const range = { gte: this.#from === null ? gte : behind(this.#from), lt };
    const snapshot = database.snapshot();
    try {
      // A node that cannot be read is found from its parent, unless it is left over and nobody's.
      const options = { records: nodes, snapshot, unreadable: passOver };
      const steps = walk(database, range, options);
      this.#from = null;
      const found = (await steps.next()).value ?? [];
      await steps.return();
      this.#from = found.at(-1)?.[0] ?? null;
      for (const [key, record] of found) {
        this.#check(key, record, (other) => readSync(database, other, { ...VIEWS, snapshot }));
      }
    } finally {
      await snapshot.close();
    }
  }

  #check(key: Uint8Array, record: Uint8Array, get: Get): void {
    const { name, tree } = this.#init.keys;
    const ref = Number(readU64BE(key, key.length - 8));
    try {
      const node = decodeNode(record);
      for (const child of node.children ?? []) read(get, tree.node(child));
      const summary = this.#summary(get, ref);
      if (!equalBytes(summary, this.#recomputed(get, node))) {
        throw new RecordError('does not have the summary that follows from what is below it');
      }
    } catch (error) {
      if (error instanceof RecordError) throw corrupt(name, key, error.message, error);
      throw error;
    }
  }

  #summary(get: Get, ref: number): Uint8Array {
    const { keys, scheme } = this.#init;
    return decodeSummary(read(get, keys.tree.summary(ref)), scheme.stateBytes);
  }

  #recomputed(get: Get, node: TreeNode<number>): Uint8Array {
    const { scheme } = this.#init;
    const state = scheme.empty();
    if (isLeaf(node)) scheme.add(state, node.ids);
    else
      combineAll(
        scheme,
        state,
        node.children.map((child) => this.#summary(get, child)),
      );
    return state;
  }
}

type Get = (key: Uint8Array) => Uint8Array | undefined;

function read(get: Get, key: Uint8Array): Uint8Array {
  const record = get(key);
  if (record !== undefined) return plain(record);
  throw new RecordError('belongs to a node, or a summary, that is missing');
}
