import { readU64BE } from '../bytes.ts';
import { decodeNode, decodeSummary } from '../tree/level/codec.ts';
import { corrupt } from '../tree/level/reader.ts';
import { RecordError } from '../tree/level/record.ts';
import { type Database, plain, VIEWS } from './database.ts';
import type { SetKeys } from './layout.ts';
import { behind, walk } from './walk.ts';

export interface NodePatrolInit {
  keys: SetKeys;
  stateBytes: number;
}

/**
 * Goes round the nodes of the tree, a few at a time, as they lie on disk: each must be whole, and so
 * must its summary, and its children must be there.
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
      const steps = walk(database, range, { records: nodes, snapshot });
      const found = (await steps.next()).value ?? [];
      await steps.return();
      this.#from = found.at(-1)?.[0] ?? null;
      for (const [key, record] of found) {
        this.#check(key, record, (other) => database.getSync(other, { ...VIEWS, snapshot }));
      }
    } finally {
      await snapshot.close();
    }
  }

  #check(key: Uint8Array, record: Uint8Array, get: Get): void {
    const { name, tree } = this.#init.keys;
    const ref = Number(readU64BE(key, key.length - 8));
    try {
      const { children } = decodeNode(record);
      decodeSummary(read(get, tree.summary(ref)), this.#init.stateBytes);
      for (const child of children ?? []) read(get, tree.node(child));
    } catch (error) {
      if (error instanceof RecordError) throw corrupt(name, key, error.message, error);
      throw error;
    }
  }
}

type Get = (key: Uint8Array) => Uint8Array | undefined;

function read(get: Get, key: Uint8Array): Uint8Array {
  const record = get(key);
  if (record !== undefined) return plain(record);
  throw new RecordError('belongs to a node, or a summary, that is missing');
}
