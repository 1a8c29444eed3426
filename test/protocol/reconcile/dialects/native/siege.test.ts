import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerStatements } from '../../../../../src/daemon/replicator/scheduling/index.ts';
import {
  type Channel,
  type NativeLimits,
  nativeDialect,
  ReconcileService,
  type SessionReport,
} from '../../../../../src/protocol/index.ts';
import type {
  NativeRecord,
  Opening,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import {
  decodeFrame,
  encodeRecord,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { type Bound, concatBytes, INFINITE_BOUND } from '../../../../../src/store/index.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { VirtualClock } from '../../../../support/clock.ts';
import { MemoryNetwork } from '../../../../support/memory-network.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { Evil, type Malice } from './evil.ts';
import { openingOf, snapshotOf } from './support.ts';

const ITEMS = 5_000;
const MANY = Number.MAX_SAFE_INTEGER;
const PROTOCOL = '/rangemesh/siege/native/1';
const SESSION_MS = 120_000;
/** What may come after the end of a session, and is thrown away. */
const PARTING_BYTES = 5 * 1024 * 1024;

/** What every session here may spend, unless an attack needs another bound to be the first. */
const BUDGET: Partial<NativeLimits> = {
  maxVisitedItems: 200_000,
  maxRounds: 400,
  maxBytes: 4_000_000,
  maxMissing: 5_000,
};

/** What the attacker says to what was said to it; null is silence. */
type Attack = (heard: readonly NativeRecord[], victim: Opening) => readonly NativeRecord[] | null;

interface Case {
  readonly name: string;
  readonly attack: () => Attack;
  readonly limits?: Partial<NativeLimits>;
  readonly code: string;
  /** The bound that ended it, by name. */
  readonly says: RegExp;
  /** Whether the next session begins behind what was settled. */
  readonly goesOn?: boolean;
}

const random = new SeededRandom('siege');
const keys = keysOf(1, ITEMS);
const at = (rank: number): Bound => ({ hint: keys[rank]!.hint, id: null });

const opening = (change: Partial<Opening> = {}): NativeRecord =>
  openingOf(random, { count: ITEMS, ...change });
const proof = (): NativeRecord => ({ tag: 'proof', digest: random.bytes(16) });
const split = (uppers: readonly Bound[], count: number): NativeRecord => ({
  tag: 'split',
  parts: [...uppers, null].map((upper) => ({ upper, count, digest: random.bytes(5) })),
});

/** A responder that keeps to the rules, so that nothing but a budget ends it. */
function lawful(malice: Malice): Attack {
  const evil = new Evil(random, malice);
  return (heard) => evil.answer(heard.filter(({ tag }) => tag !== 'open'));
}

/** Ids in pieces, for ever. */
function endless(ids: number): Attack {
  let hint = 1n;
  return (heard) => {
    const piece: NativeRecord = {
      tag: 'piece',
      upper: { hint: hint++, id: null },
      ids: random.bytes(32 * ids),
    };
    return heard.some(({ tag }) => tag === 'open') ? [{ tag: 'all' }, piece] : [piece];
  };
}

const garbage = (): NativeRecord[] => [
  { tag: 'take', ranges: 1 },
  { tag: 'sketch', count: ITEMS, sums: random.bytes(32), symbols: random.bytes(8 * 16) },
];

const CASES: readonly Case[] = [
  {
    name: 'always answers "different"',
    attack: () => {
      let hint = 1n;
      // One part that is empty, and one that is all there is, again and again.
      return lawful({
        range: ({ lower }) =>
          lower.hint + 1n < hint
            ? [{ tag: 'same', ranges: 1 }]
            : [split([{ hint: hint++, id: null }], ITEMS)],
      });
    },
    code: 'BUDGET_SPENT',
    says: /200000 items read \(maxVisitedItems\)/,
  },
  {
    name: 'echoes our root and our proof',
    attack: () => (heard) => {
      const ours = heard.find((record) => record.tag === 'proof');
      return ours === undefined ? [{ tag: 'same', ranges: 1 }] : [ours];
    },
    code: 'UNPROVED',
    says: /does not make our set the peer's/,
  },
  {
    name: 'sends garbage symbols for ever',
    attack: () => lawful({ range: garbage }),
    limits: { maxRangeItems: 300, maxVisitedItems: 30_000 },
    code: 'BUDGET_SPENT',
    says: /30000 items read \(maxVisitedItems\)/,
  },
  {
    name: 'claims counts of 2^53',
    attack: () => () => [split([at(1_000)], 2 ** 53)],
    code: 'MALFORMED_FRAME',
    says: /count|2\^53|9007199254740991/,
  },
  {
    name: 'claims counts just below 2^53, and has nothing',
    attack: () => (heard) => {
      const first = heard.some(({ tag }) => tag === 'open');
      return first ? [split([at(1_000)], MANY)] : [proof()];
    },
    code: 'UNEXPECTED_FRAME',
    says: /says it is done, and it is not/,
  },
  {
    name: 'fills frames with thousands of large ranges',
    attack: () =>
      lawful({
        range: ({ lower, upper }) => {
          const end = upper.hint < keys[ITEMS - 1]!.hint ? upper.hint : keys[ITEMS - 1]!.hint;
          const begin = lower.hint > keys[0]!.hint ? lower.hint : keys[0]!.hint;
          const step = (end - begin) / 16n;
          if (step < 1n) return [{ tag: 'same', ranges: 1 }];
          const uppers = Array.from({ length: 15 }, (_, i) => ({
            hint: begin + BigInt(i + 1) * step,
            id: null,
          }));
          // At first what may be there, so that we split too; then a million in each.
          return [split(uppers, step > 1_000n ? Number(step / 10n) : 1_000_000)];
        },
      }),
    limits: { maxRangeItems: 20, maxVisitedItems: 20_000 },
    code: 'BUDGET_SPENT',
    says: /20000 items read \(maxVisitedItems\)/,
  },
  {
    name: 'repeats a range',
    attack: () => () => [
      { tag: 'same', ranges: 1 },
      { tag: 'same', ranges: 1 },
    ],
    code: 'MALFORMED_FRAME',
    says: /answers 1 ranges, and 0 are open/,
  },
  {
    name: 'overlaps ranges',
    attack: () => () => [
      split([{ hint: 5n, id: null }], 100),
      split([{ hint: 5n, id: null }], 100),
    ],
    code: 'MALFORMED_FRAME',
    says: /answers 1 ranges, and 0 are open/,
  },
  {
    name: 'splits a range where it ended already',
    attack: () => (heard) => {
      const [first] = heard;
      if (first?.tag === 'open') return [split([{ hint: 2n ** 64n - 1n, id: null }], 1)];
      return null;
    },
    code: 'MALFORMED_FRAME',
    says: /reaches out of its range/,
  },
  {
    name: 'never ends: ids for ever',
    attack: () => endless(400),
    code: 'BUDGET_SPENT',
    says: /5000 ids are missing \(maxMissing\)/,
    goesOn: true,
  },
  {
    name: 'never ends: frames for ever',
    attack: () => endless(1),
    code: 'BUDGET_SPENT',
    says: /400 frames \(maxRounds\)/,
    goesOn: true,
  },
  {
    name: 'never ends: bytes for ever',
    attack: () => endless(1_000),
    limits: { maxBytes: 100_000, maxMissing: 1_000_000 },
    code: 'BUDGET_SPENT',
    says: /100000 bytes \(maxBytes\)/,
    goesOn: true,
  },
  {
    name: 'says nothing any more',
    attack: () => (heard) => (heard.some(({ tag }) => tag === 'open') ? garbage() : null),
    code: 'TIMEOUT',
    says: /took longer than \d+ ms/,
  },
];

describe('a native session of the service under siege', () => {
  for (const one of CASES) {
    it(`by a peer that ${one.name} is ended by a bound, and shows nothing as in sync`, async () => {
      const limits = { ...BUDGET, ...one.limits };
      const report = await besiege(one.attack(), limits);
      assert.match(report.error?.code ?? 'none', new RegExp(`^(${one.code})$`));
      assert.match(report.error!.message, one.says);
      assert.equal(report.equal, false);
      assert.notEqual(report.finding?.proved, true);
      assert.ok(report.rounds <= limits.maxRounds! + 1);
      assert.ok(report.bytesReceived <= limits.maxBytes! + PARTING_BYTES);
      assert.ok(report.durationMs <= SESSION_MS);
      assert.equal(
        report.continueFrom !== null,
        one.goesOn === true || report.finding?.spent != null,
      );
      assertUnproved(report);
    });
  }

  it('by a peer that drips for ever is ended by the clock, and goes on where it had come to', async () => {
    const report = await besiege(endless(1), BUDGET, 10_000);
    assert.equal(report.error?.code, 'TIMEOUT');
    assert.match(report.error.message, /the session took longer than 120000 ms/);
    assert.equal(report.continueFrom?.hint, BigInt(report.rounds));
    assertUnproved(report);
  });

  it('by a peer with a floor of 2^64-2 proves something of nothing, and says so', async () => {
    const interval = { lower: { hint: 2n ** 64n - 2n, id: null }, upper: INFINITE_BOUND };
    const report = await withHonest(interval);
    assert.equal(report.error, null);
    assert.equal(report.equal, false);
    assert.deepEqual(report.finding!.interval, interval);
    const statements = new PeerStatements();
    statements.ended(report, () => true);
    assert.deepEqual(statements.of('evil').equalAsOf?.interval, interval);
  });
});

function assertUnproved(report: SessionReport): void {
  const statements = new PeerStatements();
  statements.ended(report, () => true);
  const { coversAsOf, equalAsOf } = statements.of(report.peer);
  assert.deepEqual([coversAsOf, equalAsOf], [null, null]);
}

/** The report of a session that the victim begins, with a peer that speaks by hand. */
function besiege(
  attack: Attack,
  limits: Partial<NativeLimits>,
  pauseMs = 0,
): Promise<SessionReport> {
  return run(limits, async (channel, clock) => {
    let victim: Opening | null = null;
    for (;;) {
      const frame: Uint8Array | null =
        pauseMs > 0 && victim !== null ? null : await channel.receive();
      if (frame === null && pauseMs === 0) return;
      const heard: NativeRecord[] = frame === null ? [] : [...decodeFrame(frame)];
      if (heard.some(({ tag }) => tag === 'stop')) return;
      const first = heard.find((record) => record.tag === 'open');
      victim = first?.tag === 'open' ? first.opening : victim;
      const said = attack(heard, victim!);
      if (said === null) continue;
      const { root, count } = victim!;
      const answer = first === undefined ? said : [opening({ root, count }), ...said];
      await channel.send(concatBytes(...answer.map((record) => encodeRecord(record).slice())));
      if (pauseMs > 0) await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
      else if (heard.length === 0 || ENDLESS.has(said.at(-1)!.tag))
        await flood(channel, attack, victim!);
    }
  });
}

const ENDLESS: ReadonlySet<string> = new Set(['piece']);

/** Goes on without being asked, for long enough. */
async function flood(channel: Channel, attack: Attack, victim: Opening): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    const said = attack([], victim)!;
    await channel.send(concatBytes(...said.map((record) => encodeRecord(record).slice())));
  }
}

function withHonest(interval: Opening['interval']): Promise<SessionReport> {
  return run({}, async (channel) => {
    const dialect = nativeDialect({ random: new SeededRandom('honest') });
    const session = dialect.session({ role: 'responder', snapshot: snapshotOf([]), interval });
    session.start();
    for (let done = false; !done; ) {
      let step = session.receive((await channel.receive())!);
      for (;;) {
        for (const frame of step.frames) await channel.send(frame);
        done = step.done;
        if (step.pending === undefined) break;
        step = session.proceed!(true);
      }
    }
    await channel.close();
  });
}

async function run(
  limits: Partial<NativeLimits>,
  peer: (channel: Channel, clock: VirtualClock) => Promise<void>,
): Promise<SessionReport> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('siege') });
  const evil = network.node('evil');
  const channelInit = { maxFrameBytes: 1 << 20, maxInbound: 4 };
  await evil.handle(PROTOCOL, (channel) => peer(channel, clock).catch(() => {}), channelInit);
  await evil.watch(PROTOCOL, { connected() {}, disconnected() {} });
  const service = new ReconcileService(network.node('victim'), {
    clock,
    networkName: 'siege',
    dialects: [nativeDialect({ random: new SeededRandom('victim'), limits })],
    options: { sessionTimeoutMs: SESSION_MS, frameTimeoutMs: 30_000 },
    snapshot: () => ({ snapshot: snapshotOf(keys), version: 1 }),
    events: {
      peerConnected() {},
      peerDisconnected() {},
      differs() {},
      missing() {},
      ended() {},
    },
  });
  await service.start();
  network.connect('victim', 'evil', { latencyMs: 5, bytesPerMs: 1_000 });
  await clock.advance(50);
  let report: SessionReport | null = null;
  const running = service.reconcile('evil').then((ended) => {
    report = ended;
  });
  while (report === null) await clock.advance(1_000);
  await running;
  const stopping = service.stop();
  await clock.advance(10_000);
  await stopping;
  return report;
}
