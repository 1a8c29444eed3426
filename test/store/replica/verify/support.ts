import type { TestContext } from 'node:test';
import type { Database, ItemKey, NewItem } from '../../../../src/store/index.ts';
import {
  decodeState,
  encodeState,
  type SetState,
} from '../../../../src/store/replica/records/index.ts';
import {
  type VerifyInit,
  type VerifyResult,
  verifyReplica,
} from '../../../../src/store/replica/verify/index.ts';
import { cleanUp } from '../../../support/clean-up.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { idOf, KEYS, MemorySet } from '../in-memory.ts';
import { item } from '../support.ts';

export const COUNT = 60;
export const SCHEMA_KEY: Uint8Array = new TextEncoder().encode('meta/schema');

export type Change = (database: Database) => Promise<unknown>;

/** The database of a set of 60 items of 20 bytes, changed. */
export async function database(
  t: TestContext,
  change: Change = async () => undefined,
  given: number | readonly NewItem[] = COUNT,
): Promise<Database> {
  const set = await MemorySet.of(given, change);
  await set.database.open();
  cleanUp(t, () => set.database.close());
  return set.database;
}

export function verify(of: Database, init: Partial<VerifyInit> = {}): Promise<VerifyResult> {
  return verifyReplica({ database: of, clock: new VirtualClock(), scheme: wideSum, ...init });
}

export function key(number: number): ItemKey {
  return { hint: BigInt(number), id: idOf(item(number)) };
}

export async function changeState(
  of: Database,
  change: (state: SetState) => Partial<SetState>,
): Promise<void> {
  const state = decodeState(new Uint8Array((await of.get(KEYS.state))!));
  await of.put(KEYS.state, encodeState({ ...state, ...change(state) }));
}

export async function nth(of: Database, range: object, at: number): Promise<Uint8Array> {
  const keys = await of.keys(range).all();
  return new Uint8Array(keys.at(at)!);
}
