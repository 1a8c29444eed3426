import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Dialect, type NamedIds, nativeDialect } from '../../../../src/protocol/index.ts';
import { bytesToHex, INFINITE_BOUND, ZERO_BOUND } from '../../../../src/store/index.ts';
import { keysOf } from '../../../conformance/pairs.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { snapshotOf } from '../dialects/native/support.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

const keys = keysOf(3, 120);
const hex = (ids: readonly Uint8Array[] = []) => ids.map(bytesToHex).sort();
const keyed = (some: typeof keys) => hex(some.map(({ id }) => id));
const everything = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

/** A native dialect over keys of its own, whatever snapshot the service takes. */
function over(some: typeof keys, seed: string): Dialect {
  const dialect = nativeDialect({ random: new SeededRandom(seed) });
  return {
    ...dialect,
    session: (init) => dialect.session({ ...init, snapshot: snapshotOf(some) }),
  };
}

/** Two connected nodes with these dialects. */
async function setUp(dialects: readonly [Dialect[], Dialect[]]) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('comparing') });
  const named: { peer: string; ids: Pick<NamedIds, 'have' | 'unlisted'> }[] = [];
  const outlined: string[] = [];
  const refused = keys.at(-1)!.id;
  const [a, b] = dialects.map(
    (spoken, i) =>
      new Peer({
        network: network.node('ab'[i]!),
        clock,
        ids: idsOf(1),
        dialects: spoken,
        refuses: (_peer, id) => bytesToHex(id) === bytesToHex(refused),
        options: { tell: 2 },
        events: {
          named: (peer, ids) => named.push({ peer, ids }),
          outlined: (peer) => outlined.push(peer),
        },
      }),
  ) as [Peer, Peer];
  await Promise.all([a.service.start(), b.service.start()]);
  network.connect('a', 'b', { latencyMs: 10 });
  await clock.advance(50);
  const compare = (tell: number) => {
    const found = { missing: [] as Uint8Array[], have: [] as Uint8Array[] };
    const take = ({ missing, have = [] }: NamedIds) => {
      found.missing.push(...missing);
      found.have.push(...have);
    };
    const report = a.service.reconcile('b', { interval: everything, found: { tell, take } });
    return { found, report };
  };
  return { clock, a, b, named, outlined, compare };
}

/** A has all keys but the last 20, b all but the first 20. */
const different = () => [[over(keys.slice(0, 100), 'a')], [over(keys.slice(20), 'b')]] as const;

describe('a session that only compares', () => {
  it('names all ids, refused ones too, and its owner hears nothing of it', async () => {
    const { clock, a, b, named, outlined, compare } = await setUp([
      [...different()[0]],
      [...different()[1]],
    ]);
    for (let round = 0; round < 2; round++) {
      const { found, report } = compare(50);
      const { error, role, finding } = await soon(clock, 'the session ends', report, 15_000);
      assert.deepEqual([error, role, finding?.mine, finding?.theirs], [null, 'initiator', 20, 20]);
      assert.deepEqual(hex(found.have), keyed(keys.slice(0, 20)));
      assert.deepEqual(hex(found.missing), keyed(keys.slice(100)));
      assert.deepEqual([a.missing, a.ended, outlined.includes('b')], [[], [], false]);
    }
    assert.equal(b.ended.length, 2, 'the peer takes part in it as in any session');
    assert.ok(
      named.every(({ peer }) => peer === 'a'),
      'b names ids that a lacks',
    );
    assert.equal(named[0]!.ids.have!.length, 2);
  });

  it('settles nothing for others, who get a session of their own after it', async () => {
    const { clock, a, compare } = await setUp([[...different()[0]], [...different()[1]]]);
    const { report } = compare(50);
    assert.deepEqual(a.service.running, [{ peer: 'b', report: null }]);
    const other = a.service.reconcile('b');
    await soon(clock, 'both end', Promise.all([report, other]), 15_000);
    assert.equal(a.missing.flatMap(({ ids }) => ids).length, 19, 'all but the refused id');
    assert.deepEqual([a.ended.length, a.service.running], [1, []]);
  });

  it('fails at once with a peer whose dialect cannot tell', async () => {
    const dialect = over(keys, 'mute');
    const { tells: _tells, ...mute } = dialect;
    const { clock, a, b, compare } = await setUp([[mute], [mute]]);
    const { error } = await soon(clock, 'the report', compare(5).report, 1_000);
    assert.equal(error?.code, 'DIALECT_CANNOT_TELL');
    assert.match(error!.message, /sync\.dialect/);
    assert.deepEqual([a.ended, b.ended], [[], []]);
  });
});

describe('a session', () => {
  it('names a bounded number of ids that the peer lacks, on both sides', async () => {
    const { clock, a, named } = await setUp([[...different()[0]], [...different()[1]]]);
    await soon(clock, 'the session ends', a.service.reconcile('b'), 15_000);
    const counts = new Map<string, number>();
    for (const { peer, ids } of named) {
      counts.set(peer, (counts.get(peer) ?? 0) + ids.have!.length);
    }
    assert.deepEqual(counts, new Map([...counts.keys()].map((peer) => [peer, 2])));
    assert.deepEqual([...counts.keys()].sort(), ['a', 'b']);
  });
});
