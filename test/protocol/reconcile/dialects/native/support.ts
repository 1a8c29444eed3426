import {
  type NativeInit,
  type NativeLimits,
  nativeDialect,
  RootHistory,
  type Session,
  type SessionHistory,
  type SessionInit,
} from '../../../../../src/protocol/index.ts';
import { DEFAULT_NATIVE_LIMITS } from '../../../../../src/protocol/reconcile/dialects/native/index.ts';
import { rootHint } from '../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type {
  NativeRecord,
  Opening,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { lowOf } from '../../../../../src/store/coding/testing.ts';
import {
  type Coding,
  coding,
  type FingerprintScheme,
  INFINITE_BOUND,
  type ItemKey,
  type Snapshot,
  SortedVector,
  ZERO_BOUND,
} from '../../../../../src/store/index.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { wideSum } from '../../../../support/wide-sum.ts';

export function snapshotOf(
  keys: readonly ItemKey[],
  scheme: FingerprintScheme = wideSum,
): Snapshot {
  const storage = new SortedVector({ scheme });
  storage.insert(keys);
  return storage.snapshot();
}

/** The history of a set of `keys` that had the first `held` of them, and then took the others in tens. */
export function historyOf(keys: readonly ItemKey[], held: number): SessionHistory {
  const history = new RootHistory({ scheme: wideSum });
  const before = snapshotOf(keys.slice(0, held));
  const state = () => before.fingerprint(0, held);
  history.now().since(new Uint8Array(0), { count: held, root: rootHint(state(), held), state });
  for (let at = held; at < keys.length; at += 10) history.added(keys.slice(at, at + 10));
  return history.now();
}

let nonces = 0;

export interface OpenInit extends Partial<Omit<SessionInit, 'role' | 'snapshot' | 'limits'>> {
  keys?: readonly ItemKey[];
  snapshot?: Snapshot;
  limits?: Partial<NativeLimits>;
  coding?: Coding;
  key?: NonNullable<NativeInit['key']>;
  seed?: string;
}

/** A native session over some keys; nonces differ from call to call unless a seed is given. */
export function open(role: Session['role'], init: OpenInit): Session {
  const { keys = [], limits = {}, seed = `nonce ${nonces++}`, coding: coded, key, ...rest } = init;
  const dialect = nativeDialect({
    random: new SeededRandom(seed),
    limits,
    ...(coded === undefined ? {} : { coding: coded }),
    ...(key === undefined ? {} : { key }),
  });
  return dialect.session({ role, snapshot: init.snapshot ?? snapshotOf(keys), ...rest });
}

/** Coding whose short ids have so few bits that they collide all the time. */
export function narrowCoding(bits: number): Coding {
  const mask = (2 ** bits - 1) << (32 - bits);
  return {
    ...coding,
    shortIds(key, ids, into, at, form) {
      coding.shortIds(key, ids, into, at, form);
      for (let i = at; i < at + ids.length / 32; i++) {
        const high = (into[2 * i + 1]! & mask) >>> 0;
        into[2 * i] = lowOf(high, 0, form);
        into[2 * i + 1] = high;
      }
    },
  };
}

/** Coding whose symbols never decode. */
export const brokenCoding: Coding = {
  ...coding,
  toggle(cells, shorts, range) {
    coding.toggle(cells, shorts, range);
    for (let i = 0; i < cells.length; i++)
      cells[i] = (cells[i]! ^ Math.imul(i + 1, shorts.length)) >>> 0;
  },
};

/** The record that opens a session over everything, with a nonce and a root from nowhere. */
export function openingOf(random: SeededRandom, change: Partial<Opening>): NativeRecord {
  return {
    tag: 'open',
    bytes: new Uint8Array(0),
    opening: {
      nonce: random.bytes(16),
      interval: { lower: ZERO_BOUND, upper: INFINITE_BOUND },
      whole: true,
      count: 0,
      root: random.bytes(16),
      limits: DEFAULT_NATIVE_LIMITS,
      ...change,
    },
  };
}
