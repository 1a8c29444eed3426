import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  negentropy,
  type ReconcileEvents,
  ReconcileService,
  type SessionReport,
} from '../../../../src/protocol/index.ts';
import type { ItemKey } from '../../../../src/store/index.ts';
import { lacking, sorted } from '../../../conformance/dialect.ts';
import { keysOf } from '../../../conformance/pairs.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { flat } from '../dialects/negentropy/storages.ts';

const all = keysOf(1, 3_000);

/** A session of `a` with `b` over channels; the reports of both sides, and what `a` learnt. */
async function meet(a: readonly ItemKey[], b: readonly ItemKey[]) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('negentropy') });
  const reports: SessionReport[] = [];
  const missing: Uint8Array[] = [];
  const events: ReconcileEvents = {
    peerConnected: () => undefined,
    peerDisconnected: () => undefined,
    differs: () => undefined,
    missing: (_, ids) => missing.push(...ids),
    ended: (report) => reports.push(report),
  };
  const services = ([a, b] as const).map(
    (keys, i) =>
      new ReconcileService(network.node('ab'[i]!), {
        clock,
        networkName: 'test',
        dialects: [negentropy],
        options: { limits: { maxMessageBytes: 4_096 } },
        snapshot: () => ({ snapshot: flat(keys), version: 1 }),
        events,
      }),
  );
  await Promise.all(services.map((service) => service.start()));
  network.connect('a', 'b', { latencyMs: 1 });
  await clock.advance(5);
  const running = services[0]!.reconcile('b');
  await clock.advance(5_000);
  await soon(clock, 'each session ends', running, 0);
  return { reports, missing };
}

describe('ReconcileService with negentropy, whose responder is not told of the end', () => {
  const sides: Record<string, [ItemKey[], ItemKey[]]> = {
    'sets that differ': [all.filter((_, i) => i % 9 !== 0), all.filter((_, i) => i % 7 !== 0)],
    'equal sets': [all, all],
    'a set and an empty one': [all, []],
    'an empty set and one of many frames': [[], all],
  };
  for (const [name, [a, b]] of Object.entries(sides)) {
    it(`ends well on both sides for ${name}`, async () => {
      const { reports, missing } = await meet(a, b);
      assert.deepEqual(
        reports.map(({ error, equal }) => ({ error, equal })),
        Array(2).fill({ error: null, equal: a === b }),
      );
      assert.deepEqual(sorted(missing), lacking(a, b));
    });
  }
});
