import { decodeWants, encodeWants } from '../../../src/daemon/replicator/upkeep/testing.ts';
import { blake3, type ItemKey } from '../../../src/store/index.ts';
import { HEADER_BYTES, RecordError, seal } from '../../../src/store/level/index.ts';
import {
  ArrivalRecord,
  decodeFloor,
  decodeLogEntry,
  decodeQuarantined,
  decodeRefused,
  decodeState,
  EMPTY_STATE,
  encodeFloor,
  encodeLogEntry,
  encodeQuarantined,
  encodeRefused,
  encodeState,
  LoggedArrivals,
  upgradeState,
} from '../../../src/store/replica/records/index.ts';
import {
  decodeMeta,
  decodeNode,
  decodeSummary,
  encodeMeta,
  encodeNode,
  encodeSummary,
} from '../../../src/store/tree/level/testing.ts';
import { newLeaf } from '../../../src/store/tree/testing.ts';
import { itemsOf } from '../../protocol/fetch/range/support.ts';
import type { FuzzTarget } from '../target.ts';

interface RecordTargetInit {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly read: (record: Uint8Array) => void;
}

/** A record of the store: behind a checksum, and refused with a `RecordError` alone. */
function recordTarget(init: RecordTargetInit): FuzzTarget {
  return {
    ...init,
    refuses: (error) => error instanceof RecordError,
    mend(input) {
      if (input.length < HEADER_BYTES) return;
      input[0] = 1;
      seal(input);
    },
  };
}

const keys: readonly ItemKey[] = itemsOf(4, 10);
const [first, second, third, last] = keys as [ItemKey, ItemKey, ItemKey, ItemKey];
const STATE_BYTES = 64;

function arrivals(): Uint8Array {
  const record = new ArrivalRecord({ commit: 9, at: 5, entries: 2, sources: ['one', 'two'] });
  record.add(first, 100, 0);
  record.add(second, 90, 2);
  return record.sealed();
}

const leaf = newLeaf(
  {
    length: 2,
    hints: new Uint32Array([1, 0, 2, 0]),
    ids: new Uint8Array([...first.id, ...second.id]),
  },
  1,
);

const wants: FuzzTarget = {
  name: 'wants-record',
  seeds: [encodeWants([{ id: first.id, since: 120_000, confirmed: true }]), encodeWants([])],
  mend(input) {
    if (input.length < 20) return;
    input.set([0x72, 0x6d, 0x77, 0x01]);
    input.set(blake3.hash(input.subarray(0, -16)).subarray(0, 16), input.length - 16);
  },
  read: (input) => void decodeWants(input),
  refuses: () => false,
};

export const RECORDS: readonly FuzzTarget[] = [
  recordTarget({
    name: 'record-state',
    seeds: [encodeState(EMPTY_STATE), encodeState({ ...EMPTY_STATE, commit: 7, arrivals: 3 })],
    read: decodeState,
  }),
  recordTarget({
    name: 'record-old-state',
    seeds: [encodeState(EMPTY_STATE).slice(0, -24), encodeState(EMPTY_STATE).slice(0, -48)].map(
      seal,
    ),
    read: (record) => void decodeState(upgradeState(record)),
  }),
  recordTarget({
    name: 'record-log-entry',
    seeds: [
      encodeLogEntry({ taken: null, added: keys }),
      encodeLogEntry({ taken: { first, last }, added: [third] }),
    ],
    read(record) {
      const { added } = decodeLogEntry(record);
      for (let at = 0; at < added.length; at++) added.key(at);
    },
  }),
  recordTarget({
    name: 'record-arrivals',
    seeds: [arrivals()],
    read(record) {
      const read = new LoggedArrivals(record);
      for (let at = 0; at < read.length; at++) read.item(at);
    },
  }),
  recordTarget({
    name: 'record-refused',
    seeds: [
      encodeRefused({ at: 4, by: 'operator', hint: 8n, seq: 3, reason: 'too large', marks: [] }),
      encodeRefused({
        at: 4,
        by: 'policy',
        hint: 8n,
        seq: null,
        reason: 'no',
        marks: [new Uint8Array(16)],
      }),
    ],
    read: decodeRefused,
  }),
  recordTarget({
    name: 'record-quarantined',
    seeds: [encodeQuarantined({ at: 4, hint: 8n, payload: first.id, seq: 2 })],
    read: decodeQuarantined,
  }),
  recordTarget({
    name: 'record-floor',
    seeds: [encodeFloor({ floor: 900n, believedAt: 3 })],
    read: decodeFloor,
  }),
  recordTarget({ name: 'tree-node', seeds: [encodeNode(leaf).slice()], read: decodeNode }),
  recordTarget({
    name: 'tree-meta',
    seeds: [encodeMeta({ scheme: 'lthash', root: 3, level: 1, count: 9, nextRef: 4 })],
    read: decodeMeta,
  }),
  recordTarget({
    name: 'tree-summary',
    seeds: [encodeSummary(new Uint8Array(STATE_BYTES).fill(3)).slice()],
    read: (record) => void decodeSummary(record, STATE_BYTES),
  }),
  wants,
];
