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
import { concatBytes, INFINITE_BOUND } from '../../../../../src/store/index.ts';
import { VirtualClock } from '../../../../support/clock.ts';
import { MemoryNetwork } from '../../../../support/memory-network.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { type Attack, BUDGET, CASES, endless, keys, opening } from './siege-attacks.ts';
import { snapshotOf } from './support.ts';

const PROTOCOL = '/rangemesh/siege/native/4';
const SESSION_MS = 120_000;
/** What may come after the end of a session, and is thrown away. */
const PARTING_BYTES = 5 * 1024 * 1024;

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
