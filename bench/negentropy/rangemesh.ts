import { removeFolder } from '../../scripts/support/folders.ts';
import { systemClock } from '../../src/daemon/system/index.ts';
import { negentropy, type Session } from '../../src/protocol/index.ts';
import {
  bytesToHex,
  type Database,
  FlatVector,
  LevelTree,
  MemoryTree,
  openDatabase,
  type Snapshot,
  sum256,
} from '../../src/store/index.ts';
import { wholeAnswer } from '../../test/support/whole-answer.ts';
import { benchFolder } from '../support/child.ts';
import { type AnyImplementation, implementation, type Outcome } from './implementation.ts';

/** Sorted vector in memory, sealed. */
export const vector: AnyImplementation = implementation({
  create: async () => new FlatVector(),
  prepare: (batch) => batch,
  insert(set, batch) {
    for (const { hint, id } of batch) set.insert(hint, id);
  },
  seal: (set) => set.seal(),
  reconcile: (a, b) => reconcile(a.snapshot(), b.snapshot()),
  destroy: async () => undefined,
});

/** Tree in memory. */
export const tree: AnyImplementation = implementation({
  create: async () => new MemoryTree({ scheme: sum256 }),
  prepare: (batch) => batch,
  insert: (set, batch) => void set.insert(batch),
  seal: () => undefined,
  reconcile: (a, b) => reconcile(a.snapshot(), b.snapshot()),
  destroy: async () => undefined,
});

interface OnDisk {
  readonly path: string;
  readonly database: Database;
  readonly tree: LevelTree;
}

/** Tree in LevelDB, synced batch by batch. */
export const level: AnyImplementation = implementation({
  async create(): Promise<OnDisk> {
    const path = benchFolder();
    const database = await openDatabase(path);
    const init = { database, name: 'set', scheme: sum256, clock: systemClock };
    return { path, database, tree: await LevelTree.open(init) };
  },
  prepare: (batch) => batch,
  insert: async (set, batch) => void (await set.tree.insert(batch)),
  seal: () => undefined,
  reconcile: (a, b) => reconcile(a.tree.snapshot(), b.tree.snapshot()),
  async destroy({ path, database, tree }) {
    await tree.close();
    await database.close();
    await removeFolder(path);
  },
});

function reconcile(a: Snapshot, b: Snapshot): Outcome {
  const limits = {
    maxMessageBytes: 0,
    maxInboundBytes: Number.POSITIVE_INFINITY,
    maxVisitedItems: Number.POSITIVE_INFINITY,
  };
  const initiator = negentropy.session({ role: 'initiator', snapshot: a, limits });
  const responder = negentropy.session({ role: 'responder', snapshot: b, limits });
  return converse(initiator, responder);
}

function converse(initiator: Session, responder: Session): Outcome {
  const [have, missing]: [Uint8Array[], Uint8Array[]] = [[], []];
  let bytes = 0;
  responder.start();
  for (let step = initiator.start(); !step.done; ) {
    const [question] = step.frames;
    const [answer] = wholeAnswer(responder, question!).frames;
    bytes += question!.length + answer!.length;
    step = wholeAnswer(initiator, answer!);
    have.push(...(step.have ?? []));
    missing.push(...step.missing);
  }
  return { bytes, found: () => ({ a: have.map(bytesToHex), b: missing.map(bytesToHex) }) };
}
