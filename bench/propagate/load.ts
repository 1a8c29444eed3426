import { randomFillSync } from 'node:crypto';

/** Bytes of each item. */
const PAYLOAD_BYTES = 200;

/** What one process does: `perSecond` items, evenly, at its nodes in turn. */
export interface Load {
  /** Numbers the items; each process has its own range. */
  readonly first: number;
  readonly count: number;
  readonly perSecond: number;
  /** Before the first, so that the processes take turns. */
  readonly afterMs: number;
}

/** When something happened to item `number` at a node, in microseconds of the machine's clock. */
export type Moments = [number: number, node: number, at: number][];

/** The same clock in every process of a machine. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

export function payloadOf(number: number): Uint8Array {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  randomFillSync(payload);
  new DataView(payload.buffer).setUint32(0, number);
  return payload;
}

/** Says when each item is due; resolves when all have been sent. */
export async function generate(
  { first, count, perSecond, afterMs }: Load,
  send: (number: number) => Promise<unknown>,
): Promise<void> {
  const begin = performance.now() + afterMs;
  const sent: Promise<unknown>[] = [];
  for (let i = 0; i < count; i++) {
    const wait = begin + (1_000 * i) / perSecond - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    sent.push(send(first + i));
  }
  await Promise.all(sent);
}
