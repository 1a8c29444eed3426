import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerStatements } from '../../../../src/daemon/replicator/scheduling/index.ts';
import {
  commonware,
  type Dialect,
  type Interval,
  nativeDialect,
  ReconcileService,
  type SessionReport,
} from '../../../../src/protocol/index.ts';
import {
  type Bound,
  bytesToHex,
  INFINITE_BOUND,
  type ItemKey,
  ZERO_BOUND,
} from '../../../../src/store/index.ts';
import { keysOf } from '../../../conformance/pairs.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { snapshotOf } from '../dialects/native/support.ts';

const keys = keysOf(1, 2_000);
const at = (rank: number): Bound => ({ hint: keys[rank]!.hint, id: null });
const from = (rank: number): Interval => ({ lower: at(rank), upper: INFINITE_BOUND });
const upTo = (rank: number): Interval => ({ lower: ZERO_BOUND, upper: at(rank) });

type Side = { keys: readonly ItemKey[]; accepts: Interval; dialects?: Dialect[] };

/** The reports of a session that `a` begins, and the ids that each side lacks. */
async function reconcile(sides: Record<'a' | 'b', Side>, scope?: { mode: 'survey' }) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('accepted') });
  const missing = { a: new Set<string>(), b: new Set<string>() };
  const ended: Record<'a' | 'b', SessionReport[]> = { a: [], b: [] };
  const differing: string[] = [];
  const [a, b] = (['a', 'b'] as const).map((name) => {
    const { accepts, dialects = [nativeDialect({ random: new SeededRandom(name) })] } = sides[name];
    return new ReconcileService(network.node(name), {
      clock,
      networkName: 'n',
      dialects,
      snapshot: () => ({ snapshot: snapshotOf(sides[name].keys), version: 1, accepts }),
      events: {
        peerConnected: () => {},
        peerDisconnected: () => {},
        differs: () => differing.push(name),
        missing: (_, ids) => {
          for (const id of ids) missing[name].add(bytesToHex(id));
        },
        ended: (report) => ended[name].push(report),
      },
    });
  });
  for (const service of [a!, b!]) await service.start();
  network.connect('a', 'b');
  await clock.advance(50);
  const report = await soon(clock, 'the session ends', a!.reconcile('b', scope), 20_000);
  await clock.advance(1_000);
  for (const service of [a!, b!]) await service.stop();
  return { report, reports: [report, ended.b[0]!] as const, missing, differing };
}

describe('a session of two nodes with a floor each', () => {
  for (const [name, dialect] of [
    ['native', undefined],
    ['commonware', commonware],
  ] as const) {
    const dialects = dialect === undefined ? {} : { dialects: [dialect] };

    it(`finds both equal over ${name}, whoever keeps more, and lists nothing that was removed`, async () => {
      for (const [a, b] of [
        [300, 700],
        [700, 300],
        [500, 500],
      ] as const) {
        const { reports, missing } = await reconcile({
          a: { keys: keys.slice(a), accepts: from(a), ...dialects },
          b: { keys: keys.slice(b), accepts: from(b), ...dialects },
        });
        assert.deepEqual(missing, { a: new Set(), b: new Set() });
        for (const { error, equal } of reports) assert.deepEqual([error, equal], [null, true]);
        for (const report of reports) {
          const statements = new PeerStatements();
          statements.ended(report, () => true);
          assert.equal(statements.of(report.peer).coversAsOf?.whole, true);
        }
      }
    });
  }

  it('surveys the counts of what both accept: who keeps more is not ahead by that', async () => {
    for (const [a, b] of [
      [300, 1_500],
      [1_500, 300],
    ] as const) {
      const { report } = await reconcile(
        {
          a: { keys: keys.slice(a, 1_990), accepts: from(a) },
          b: { keys: keys.slice(b), accepts: from(b) },
        },
        { mode: 'survey' },
      );
      const { ours, theirs } = report.outlines!;
      assert.deepEqual([ours.count, theirs.count], [490, 500]);
    }
  });

  it('costs little where the ceilings of equal sets differ, and shows no difference', async () => {
    for (const [a, b] of [
      [1_998, 1_999],
      [1_999, 1_998],
    ] as const) {
      const held = keys.slice(0, 1_900);
      const { report, differing } = await reconcile({
        a: { keys: held, accepts: upTo(a) },
        b: { keys: held, accepts: upTo(b) },
      });
      assert.deepEqual([report.equal, differing], [true, []]);
      const bytes = report.bytesSent + report.bytesReceived;
      assert.ok(bytes <= 200, `${bytes} bytes`);
    }
  });

  it('speaks version 1 with an older node', async () => {
    const old = { dialects: [nativeDialect({ version: 1 })] };
    const both = { dialects: [nativeDialect(), nativeDialect({ version: 1 })] };
    for (const limited of ['a', 'b'] as const) {
      const sides = {
        a: { keys, accepts: limited === 'a' ? from(10) : upTo(1_999) },
        b: { keys, accepts: limited === 'b' ? from(10) : upTo(1_999) },
      };
      for (const name of ['a', 'b'] as const) {
        const all = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
        if (name === limited) Object.assign(sides[name], both);
        else Object.assign(sides[name], old, { accepts: all });
      }
      const { reports } = await reconcile(sides);
      const [own] = limited === 'a' ? [reports[0]] : [reports[1]];
      assert.deepEqual([own.error, own.equal, own.finding?.interval], [null, true, from(10)]);
    }
  });
});
