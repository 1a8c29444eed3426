import assert from 'node:assert/strict';
import type { ReconcileEvents, ReconcileOptions } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { type LinkInit, MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

export interface Pair {
  clock: VirtualClock;
  network: MemoryNetwork;
  a: Peer;
  b: Peer;
}

/** Two connected nodes, `a` with the smaller id: a holds 1 2 3, b holds 3 4. */
export async function pair(
  init: {
    link?: LinkInit;
    warmUp?: number;
    options?: Partial<ReconcileOptions>;
    seed?: string;
    /** Of the first peer. */
    events?: Partial<ReconcileEvents>;
  } = {},
): Promise<Pair> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom(init.seed ?? 'pair') });
  const dialects = [tinyDialect({ warmUp: init.warmUp ?? 0 })];
  const options = init.options ?? {};
  const { events = {} } = init;
  const shared = { clock, dialects, options };
  const a = new Peer({ network: network.node('a'), ids: idsOf(1, 2, 3), events, ...shared });
  const b = new Peer({ network: network.node('b'), ids: idsOf(3, 4), ...shared });
  await Promise.all([a.service.start(), b.service.start()]);
  network.connect('a', 'b', init.link ?? { latencyMs: 10 });
  await clock.advance(20);
  return { clock, network, a, b };
}

/** Nothing of a session is left: no timer, no snapshot. */
export function assertQuiet({ clock, a, b }: Pair): void {
  assert.equal(clock.pending, 0, 'no timer is left');
  assert.equal(a.held + b.held, 0, 'every snapshot is released');
}
