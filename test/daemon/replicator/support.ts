import assert from 'node:assert/strict';
import { type Logger, pino } from 'pino';
import type { Finding, Interval } from '../../../src/protocol/index.ts';
import {
  type Bound,
  INFINITE_BOUND,
  itemId,
  type VerifiedItem,
  verifyItem,
  ZERO_BOUND,
} from '../../../src/store/index.ts';
import { settle } from '../../support/clock.ts';

export const EVERYTHING: Interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

export const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });

/** An id like no other. */
export function idOf(number: number): Uint8Array {
  const id = new Uint8Array(32);
  new DataView(id.buffer).setUint32(0, number);
  return id;
}

export function idsOf(count: number, from = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => idOf(from + i));
}

/** An item of so many bytes, at least one. */
export function itemOf(number: number, length = 1): VerifiedItem {
  const payload = new Uint8Array(length).fill(7);
  payload[0] = number;
  return verifyItem({ hint: 1n, payload, id: itemId(1n, payload) });
}

export function findingOf(change: Partial<Finding> = {}): Finding {
  const nothing = { mine: 0, theirs: 0, refused: 0, refusedThere: 0 };
  return {
    ...nothing,
    proved: true,
    interval: EVERYTHING,
    whole: change.interval === undefined,
    continueFrom: null,
    spent: null,
    ...change,
  } as Finding;
}

export const FAILED = { code: 'TIMEOUT', message: 'too slow' };

/** What a promise resolves to that waits for nothing but what is under way: else it fails, saying so. */
export async function soon<T>(promise: Promise<T>, says: string): Promise<T> {
  let over = false;
  const ended = (): void => {
    over = true;
  };
  promise.then(ended, ended);
  for (let turns = 0; turns < 50 && !over; turns++) await settle();
  assert.ok(over, says);
  return promise;
}

/** What was logged, a record each. */
export class Lines {
  readonly lines: Record<string, unknown>[] = [];
  readonly logger: Logger = pino(
    { level: 'debug' },
    { write: (line: string) => void this.lines.push(JSON.parse(line)) },
  );

  with(code: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line.code === code);
  }
}
