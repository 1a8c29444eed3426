import {
  bytesToHex,
  bytesToKey,
  type Clock,
  type ItemKey,
  type Replica,
  StoreError,
} from '../../../src/store/index.ts';
import type { Items } from './items.ts';
import type { SwarmNode } from './swarm-node.ts';

interface HoldingsInit {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly items: Items;
  readonly violated: (property: string, node: string, seen: string) => void;
}

/** Compares what nodes hold with what they told and acknowledged before. */
export class Holdings {
  readonly #init: HoldingsInit;
  /** Keys of the ids of items whose puts were answered with success. */
  readonly acknowledged: Set<string> = new Set();

  constructor(init: HoldingsInit) {
    this.#init = init;
  }

  /** Compares a set with all that the node said before, item by item. */
  compare(node: SwarmNode): void {
    const run = node.node;
    const keys = run && keysOf(run.replica);
    if (run === null || !keys) return;
    const { items, clock } = this.#init;
    const { history } = node;
    const { floor } = run.replica.retention;
    const now = clock.monotonic();
    const here = new Set<string>();
    for (const key of keys) {
      const name = bytesToKey(key.id);
      here.add(name);
      if (!history.held.has(name)) this.came(node, key);
    }
    for (const [key, { hint }] of history.held) {
      if (here.has(key)) continue;
      history.went(key, items.get(key)!.id, now);
      if (hint < floor) history.pruned.add(key);
      else if (!history.excused.has(key)) {
        this.#init.violated('lost', node.id, `item ${items.name(key)} is gone`);
      }
    }
    history.changed(now, run.replica.version);
  }

  came(node: SwarmNode, key: ItemKey): void {
    const { items, clock, violated } = this.#init;
    const name = bytesToKey(key.id);
    if (items.get(name)?.hint !== key.hint) {
      violated('verified', node.id, `item ${bytesToHex(key.id).slice(0, 8)} was never made`);
    }
    const wrong = node.history.came(key, clock.monotonic());
    if (wrong !== null) violated(wrong, node.id, `item ${items.name(name)} came again`);
  }

  /** A node says that the item on its disk is damaged; its set has that version now. */
  damaged({ id, history }: SwarmNode, item: Uint8Array, version: number): void {
    const { items, clock, violated } = this.#init;
    const key = bytesToKey(item);
    if (!history.excused.has(key)) {
      violated('damage', id, `item ${items.name(key)} is called damaged`);
    }
    history.went(key, item, clock.monotonic());
    history.changed(clock.monotonic(), version);
  }

  acknowledge({ id: node, history }: SwarmNode, id: Uint8Array): void {
    const key = bytesToKey(id);
    this.acknowledged.add(key);
    if (history.held.has(key) || history.pruned.has(key) || history.excused.has(key)) return;
    const seen = `item ${this.#init.items.name(key)} was acknowledged and is not there`;
    this.#init.violated('lost', node, seen);
  }
}

/** All keys of a set; null while the index is damaged or the database is opened again. */
function keysOf(replica: Replica): ItemKey[] | null {
  try {
    const snapshot = replica.snapshot();
    try {
      return [...snapshot.keys(0, snapshot.size)];
    } finally {
      snapshot.release();
    }
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}
