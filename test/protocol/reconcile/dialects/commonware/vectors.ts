import { readFileSync } from 'node:fs';
import { blake3 } from '@noble/hashes/blake3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import {
  type Bound,
  bytesToHex,
  compareKeys,
  concatBytes,
  type FingerprintScheme,
  hexToBytes,
  type ItemKey,
  lthash,
  type Snapshot,
  SortedVector,
} from '../../../../../src/store/index.ts';

export interface BoundVector {
  hint: string;
  id: string | null;
}

interface RangeVector {
  mode: 'skip' | 'fingerprint' | 'idlist';
  upper: BoundVector;
  fingerprint?: string;
  ids?: string[];
}

interface SetDigest {
  count: number;
  items_blake3: string;
  lthash_checksum: string;
}

export interface Scenario {
  name: string;
  branching_factor: number;
  messages: { from: 'A' | 'B'; hex: string }[];
  reference_correct_a: boolean;
  reference_correct_b: boolean;
  set_a: SetDigest;
  set_b: SetDigest;
  true_missing_a: string[];
  true_missing_b: string[];
}

export interface AggregateCase {
  name: string;
  aggregated_missing_in_order_with_sources: { id: string; sources: string[] }[];
  mark_received_first: boolean;
  mark_received_again: boolean;
  missing_after: number;
  true_union_count: number;
  sessions: {
    peer: string;
    initiator: 'me' | 'peer';
    messages: string[];
    me_missing_found_in_order: string[];
    me_missing_true: string[];
    peer_missing_found: string[];
    peer_missing_true: string[];
  }[];
}

interface Vectors {
  varint_u64: { hex: string; value: string }[];
  items: { hex: string; item: { hint: string; id: string } }[];
  bounds: { hex: string; bound: BoundVector }[];
  modes: { hex: string; debug: string }[];
  messages: { hex: string; name: string; is_complete: boolean; ranges: RangeVector[] }[];
  decode_errors: { hex: string; name: string }[];
  hostile_reconcile: { hex: string | null; name: string }[];
  scenarios: Scenario[];
  reconciliation_set: { cases: AggregateCase[] };
}

/** What the reference implementation produced; see `about` in the file. */
export const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/commonware.json', import.meta.url), 'utf8'),
);

export function boundOf(vector: BoundVector): Bound {
  return { hint: BigInt(vector.hint), id: vector.id === null ? null : hexToBytes(vector.id) };
}

export function rangeOf(vector: RangeVector): MessageRange {
  const upper = boundOf(vector.upper);
  if (vector.mode === 'skip') return { mode: 'skip', upper };
  if (vector.mode === 'idlist')
    return { mode: 'list', upper, ids: hexToBytes(vector.ids!.join('')) };
  return { mode: 'fingerprint', upper, fingerprint: hexToBytes(vector.fingerprint!) };
}

/** id(tag, i) of the vectors: BLAKE3-256 over le64(i), then the tag. */
export function idOf(tag: string, i: number): Uint8Array {
  const index = new Uint8Array(8);
  new DataView(index.buffer).setBigUint64(0, BigInt(i), true);
  return blake3(concatBytes(index, utf8ToBytes(tag)));
}

const made: ItemKey[] = [];

/** c(i) of the vectors; the same object every time. */
export function c(i: number): ItemKey {
  made[i] ??= { hint: BigInt(1_000_000 + 10 * i), id: idOf('c', i) };
  return made[i];
}

/** make(i) for each i of [begin, end) that `keep` holds for. */
export function run(
  begin: number,
  end: number,
  make: (i: number) => ItemKey = c,
  keep: (i: number) => boolean = () => true,
): ItemKey[] {
  return Array.from({ length: end - begin }, (_, i) => begin + i)
    .filter(keep)
    .map(make);
}

export function snapshotOf(keys: readonly ItemKey[], scheme: FingerprintScheme = lthash): Snapshot {
  const vector = new SortedVector({ scheme });
  vector.insert(keys);
  return vector.snapshot();
}

/** Snapshots of two sets; what both hold is hashed once. */
export function snapshotsOf(
  a: readonly ItemKey[],
  b: readonly ItemKey[],
  scheme: FingerprintScheme = lthash,
): [Snapshot, Snapshot] {
  const vector = new SortedVector({ scheme });
  const common = new Set(b);
  vector.insert(a);
  const first = vector.snapshot();
  const kept = new Set(a);
  vector.remove(a.filter((key) => !common.has(key)).map(({ id }) => id));
  vector.insert(b.filter((key) => !kept.has(key)));
  return [first, vector.snapshot()];
}

/** `items_blake3` of the vectors: BLAKE3 over be64(hint), id of every item in order. */
export function digestOf(keys: readonly ItemKey[]): string {
  const hash = blake3.create();
  for (const key of [...keys].sort(compareKeys)) {
    const hint = new Uint8Array(8);
    new DataView(hint.buffer).setBigUint64(0, key.hint, false);
    hash.update(hint).update(key.id);
  }
  return bytesToHex(hash.digest());
}
