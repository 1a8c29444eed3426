import { setTimeout as pause } from 'node:timers/promises';
import { type Replica, StoreError, type VerifyProblem } from '../../src/store/index.ts';
import { fullItemOf } from './items.ts';
import type { Findings } from './messages.ts';
import { Peer } from './peer.ts';

/** Items read at the same time. */
const CHUNK = 256;

/** Why a reader or a session ends, and may begin anew. */
const PASSING = ['STORE_REBUILDING', 'STORE_CORRUPT', 'SNAPSHOT_EXPIRED', 'STORE_CLOSED'];

/** Why a store takes nothing for some seconds: it opens itself again, and repairs what LevelDB cannot read. */
const MENDING = ['STORE_WRITE_FAILED', 'STORE_UNAVAILABLE'];
const MENDED_MS = 30_000;

const AGAIN = [...PASSING, ...MENDING];

const MAX_PASSES = 4;
const POLL_MS = 10;

/** Attempts made before it is given up. */
const ATTEMPTS = 4;

/**
 * Reads everything that was ever offered, as users would, and verifies; where something is amiss, has
 * a peer that holds all that was acknowledged refill it, and looks again.
 */
export async function inspect(
  replica: Replica,
  acknowledged: readonly number[],
  offered: number,
): Promise<Findings> {
  await whole(replica);
  const all = Array.from({ length: offered }, (_, number) => number);
  const absent = await absentAmong(replica, all);
  const lost = acknowledged.filter((number) => absent.has(number));
  await whole(replica);
  const { problems } = await replica.verify();
  await whole(replica);
  const { needsRefill } = replica.status();
  const found = { lost, problems, needsRefill };
  const amiss = lost.length > 0 || problems.length > 0 || needsRefill;
  if (!amiss) return describe(replica, { ...found, stillLost: [], stillProblems: [], fetched: 0 });
  let fetched = await refill(replica, acknowledged);
  const stillProblems = await healed(replica);
  // Mending may have built the index again, after which no peer has been asked yet.
  if (replica.status().needsRefill) fetched += await refill(replica, acknowledged);
  const stillAbsent = await absentAmong(replica, acknowledged);
  return describe(replica, { ...found, stillLost: [...stillAbsent], stillProblems, fetched });
}

async function whole(replica: Replica): Promise<void> {
  const end = performance.now() + MENDED_MS;
  for (;;) {
    try {
      return await replica.ready();
    } catch (error) {
      const mending = error instanceof StoreError && MENDING.includes(error.code);
      if (!mending || performance.now() > end) throw error;
      await pause(POLL_MS);
    }
  }
}

function describe(
  replica: Replica,
  found: Omit<Findings, 'items' | 'incidents' | 'quarantined'>,
): Findings {
  const { items, incidents, quarantined } = replica.status();
  return { ...found, items, quarantined, incidents: incidents.map(({ code }) => code) };
}

/** Those of the numbers whose items are not there with all their bytes. */
async function absentAmong(replica: Replica, numbers: readonly number[]): Promise<Set<number>> {
  const absent = new Set<number>();
  for (let at = 0; at < numbers.length; at += CHUNK) {
    const chunk = numbers.slice(at, at + CHUNK);
    const there = await Promise.all(chunk.map((number) => isThere(replica, number)));
    for (const [i, number] of chunk.entries()) if (!there[i]) absent.add(number);
  }
  return absent;
}

async function isThere(replica: Replica, number: number): Promise<boolean> {
  const { id, hint, payload } = fullItemOf(number);
  const found = await patiently(replica, async () => {
    try {
      return await replica.get(id);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'STORE_CORRUPT') return undefined;
      throw error;
    }
  });
  if (found === undefined) return false;
  return found.hint === hint && Buffer.compare(found.payload, payload) === 0;
}

async function refill(replica: Replica, acknowledged: readonly number[]): Promise<number> {
  const peer = await Peer.holding(acknowledged);
  const fetched = await patiently(replica, () => peer.refill(replica));
  await whole(replica);
  await peer.close();
  await replica.markRefilled();
  return fetched;
}

/** Lets the scrubber go over the set until there is nothing left to find; the problems that stay. */
async function healed(replica: Replica): Promise<readonly VerifyProblem[]> {
  for (let pass = 1; ; pass++) {
    const { problems } = await replica.verify();
    await whole(replica);
    const { passes, running } = replica.status().scrub;
    if (problems.length === 0 || pass > MAX_PASSES || !running) return problems;
    while (replica.status().scrub.passes === passes) await pause(POLL_MS);
    await whole(replica);
  }
}

/** Does it again when the index had to be built again in the midst of it. */
async function patiently<Result>(replica: Replica, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof StoreError && AGAIN.includes(error.code);
      if (!passing || attempt === ATTEMPTS) throw error;
      await whole(replica);
    }
  }
}
