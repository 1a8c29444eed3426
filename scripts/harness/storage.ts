import { systemClock } from '../../src/daemon/system/index.ts';
import {
  bytesToHex,
  checkKey,
  compareKeys,
  FlatVector,
  type ItemKey,
  LevelTree,
  MemoryTree,
  openDatabase,
  type Snapshot,
  sum256,
} from '../../src/store/index.ts';
import { removeFolder, temporaryFolder } from '../support/folders.ts';

/** A set that a harness fills. */
export interface HarnessStorage {
  insert(hint: bigint, id: Uint8Array): void | Promise<void>;
  /** Ends the filling; called once. */
  seal(): Snapshot | Promise<Snapshot>;
  close(): Promise<void>;
}

/** Items a tree takes in at a time. */
const BATCH = 20_000;

const KINDS: Record<string, () => Promise<HarnessStorage>> = {
  vector: openVector,
  tree: async () => {
    const tree = new MemoryTree({ scheme: sum256 });
    return batched(tree, async () => undefined);
  },
  level: openLevel,
};

export function openStorage(kind: string): Promise<HarnessStorage> {
  const open = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (open !== undefined) return open();
  throw new Error(`STORAGE is one of ${Object.keys(KINDS).join(', ')}, not ${kind}`);
}

async function openVector(): Promise<HarnessStorage> {
  const vector = new FlatVector();
  return {
    insert: (hint, id) => vector.insert(hint, id),
    seal() {
      vector.seal();
      return vector.snapshot();
    },
    close: async () => undefined,
  };
}

async function openLevel(): Promise<HarnessStorage> {
  const path = temporaryFolder('rangemesh-harness');
  const database = await openDatabase(path);
  const tree = await LevelTree.open({ database, name: 'set', scheme: sum256, clock: systemClock });
  return batched(tree, async () => {
    await tree.close();
    await database.close();
    await removeFolder(path);
  });
}

interface Tree {
  /** Gives the keys that were not there yet. */
  insert(keys: readonly ItemKey[]): ItemKey[] | Promise<ItemKey[]>;
  snapshot(): Snapshot;
}

function batched(tree: Tree, close: () => Promise<void>): HarnessStorage {
  let waiting: ItemKey[] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    const added = await tree.insert(batch);
    if (added.length < batch.length) refuseMoved(batch, tree.snapshot());
  };
  return {
    insert(hint, id) {
      checkKey({ hint, id });
      waiting.push({ hint, id });
      return waiting.length < BATCH ? undefined : flush();
    },
    async seal() {
      await flush();
      return tree.snapshot();
    },
    close,
  };
}

/** A tree takes an item that it holds for granted, as the reference's do. An id has one hint in it. */
function refuseMoved(keys: readonly ItemKey[], snapshot: Snapshot): void {
  for (const key of keys) {
    const rank = snapshot.lowerBound(key);
    if (rank < snapshot.size && compareKeys(snapshot.select(rank), key) === 0) continue;
    throw new Error(
      `the id ${bytesToHex(key.id)} came under two timestamps: a tree keeps each id once, STORAGE=vector keeps both`,
    );
  }
}
