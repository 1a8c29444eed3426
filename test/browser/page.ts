/** Runs in the browser: `run` is called by the test, through the devtools protocol. */
import { MemoryLevel } from 'memory-level';
import {
  commonware,
  type Dialect,
  drive,
  nativeDialect,
  negentropy,
} from '../../src/protocol/index.ts';
import {
  bytesToHex,
  itemId,
  lthash,
  Replica,
  SortedVector,
  StoreError,
  sum256,
  systemClock,
  systemDisk,
} from '../../src/store/index.ts';

const dialects: Readonly<Record<string, Dialect>> = {
  native: nativeDialect(),
  commonware,
  negentropy,
};

const payload = (n: number): Uint8Array => new TextEncoder().encode(`item ${n}`);

/** Reconciles the numbers of `[from, to)` with the node behind the address; ids that lack, as hex. */
async function session(dialect: string, url: string, from: number, to: number) {
  const set = new SortedVector({ scheme: dialect === 'negentropy' ? sum256 : lthash });
  for (let n = from; n < to; n++)
    set.insert([{ hint: BigInt(n), id: itemId(BigInt(n), payload(n)) }]);
  const snapshot = set.snapshot();
  const socket = new WebSocket(url);
  const result = await drive(dialects[dialect]!.session({ role: 'initiator', snapshot }), socket);
  await new Blob(result.missing.slice(0, 1)).arrayBuffer();
  return { missing: result.missing.map((id) => bytesToHex(id)), equal: result.equal };
}

/** Puts items into a replica over a database in memory; how many it holds then. */
async function replica(items: number): Promise<number> {
  const database = new MemoryLevel<Uint8Array, Uint8Array>({
    keyEncoding: 'view',
    valueEncoding: 'view',
    storeEncoding: 'view',
  });
  const disk = { freeBytes: async () => Number.POSITIVE_INFINITY };
  const held = await Replica.open({ database: database as never, clock: systemClock, disk });
  await held.put(Array.from({ length: items }, (_, n) => ({ hint: 1n, payload: payload(n) })));
  await held.close();
  return held.size;
}

/** The code with which files are refused. */
function files(): string {
  try {
    systemDisk('/');
    return 'none';
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}

Object.assign(globalThis, { run: { session, replica, files } });
