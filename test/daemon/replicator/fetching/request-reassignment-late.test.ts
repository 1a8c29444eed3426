import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestKind } from '../../../../src/daemon/replicator/fetching/testing.ts';
import {
  FetchSource,
  RequestReassignment,
  RunningRequest,
} from '../../../../src/daemon/replicator/fetching/testing.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from '../../../../src/daemon/replicator/index.ts';
import { BackOff } from '../../../../src/daemon/testing.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { idOf } from '../support.ts';

const STEAL_AFTER_MS = 1_000;
/** What is late is looked at once more so many milliseconds later. */
const GRACE_MS = 250;

class Rig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly wanted: ReconciliationSet = new ReconciliationSet();
  readonly holder: FetchSource = this.source('h');
  readonly successor: FetchSource = this.source('t');
  readonly reassignment: RequestReassignment;
  running: RunningRequest[] = [];
  idle: FetchSource[] = [this.successor];
  woken: number[] = [];

  constructor() {
    this.reassignment = new RequestReassignment({
      clock: this.clock,
      wanted: this.wanted,
      options: { ...DEFAULT_REPLICATOR_OPTIONS, stealAfterMs: STEAL_AFTER_MS },
      wake: () => this.woken.push(this.clock.monotonic()),
    });
  }

  source(peer: string): FetchSource {
    return new FetchSource(peer, new BackOff({ baseMs: 1, maxMs: 1 }));
  }

  brings(source: FetchSource, bytesPerMs: number): void {
    source.throughput.note({
      kind: 'small',
      answered: 0,
      items: 0,
      bytes: bytesPerMs,
      streamedMs: 1,
    });
  }

  /** A request for an item that both have. */
  runs(kind: RequestKind = 'small', bytes = 0): RunningRequest {
    const id = idOf(this.running.length);
    for (const peer of ['h', 't']) this.wanted.add(peer, [id]);
    if (kind === 'large') this.wanted.enlarge(id, { peer: 'h', bytes });
    if (kind === 'large') this.wanted.claimLarge('h', { max: 1, maxBytes: bytes });
    else this.wanted.claim('h', 1);
    const request = new RunningRequest({ source: this.holder, clock: this.clock, kind, ids: [id] });
    this.running.push(request);
    return request;
  }

  get late(): number {
    return this.reassignment.late(this.running, this.idle).length;
  }

  /** Time passes, and the request gets on in each step. */
  async trickle(request: RunningRequest, ms: number, bytesPerMs = 0): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await this.clock.advance(500);
      request.came(bytesPerMs * 500);
      if (bytesPerMs > 0) request.came(0);
    }
  }
}

describe('a request without progress', () => {
  it('is given up after its time and a second check, each time', async () => {
    const rig = new Rig();
    const request = rig.runs();
    for (const _ of [1, 2]) {
      const start = rig.clock.monotonic();
      rig.woken = [];
      assert.equal(rig.late, 0);
      await rig.clock.advance(STEAL_AFTER_MS - 1);
      assert.deepEqual([rig.late, rig.woken.length], [0, 0]);
      await rig.clock.advance(1);
      assert.deepEqual(rig.woken, [start + STEAL_AFTER_MS]);
      assert.equal(rig.late, 0, 'it is suspected');
      await rig.clock.advance(GRACE_MS - 1);
      assert.equal(rig.late, 0);
      await rig.clock.advance(1);
      assert.equal(rig.woken.length, 2);
      assert.equal(rig.late, 1);
      request.came(0);
    }
    assert.equal(rig.late, 0);
    rig.reassignment.stop();
    assert.equal(rig.clock.pending, 0);
  });

  it('is checked afresh where it made progress between the two checks', async () => {
    const rig = new Rig();
    const request = rig.runs();
    await rig.clock.advance(STEAL_AFTER_MS);
    assert.equal(rig.late, 0);
    await rig.clock.advance(GRACE_MS - 1);
    request.came(0);
    await rig.clock.advance(STEAL_AFTER_MS);
    assert.equal(rig.late, 0);
    await rig.clock.advance(GRACE_MS);
    assert.equal(rig.late, 1);
  });

  it('keeps its ids where no idle peer may be asked for them', async () => {
    const rig = new Rig();
    rig.runs();
    await rig.clock.advance(10_000);
    rig.idle = [];
    assert.equal(rig.late, 0);
    rig.idle = [rig.holder];
    assert.equal(rig.late, 0, 'its own source is none');
    rig.idle = [rig.source('has nothing')];
    assert.equal(rig.late, 0);
    assert.equal(rig.clock.pending, 0);
    rig.idle = [rig.successor];
    assert.equal(rig.late, 0);
    await rig.clock.advance(GRACE_MS);
    assert.equal(rig.late, 1);
  });

  it('keeps its ids where all have arrived', async () => {
    const rig = new Rig();
    const [id] = rig.runs().ids;
    rig.wanted.received(id!);
    await rig.clock.advance(10_000);
    assert.equal(rig.late, 0);
    await rig.clock.advance(GRACE_MS);
    assert.equal(rig.late, 0);
  });

  it('is checked again while it waits for our own disk', async () => {
    const rig = new Rig();
    const request = rig.runs();
    void request.holding(new Promise(() => undefined));
    await rig.clock.advance(10_000);
    assert.equal(rig.late, 0);
    await rig.clock.advance(STEAL_AFTER_MS - 1);
    assert.equal(rig.woken.length, 0);
    await rig.clock.advance(1);
    assert.equal(rig.woken.length, 1);
    assert.equal(rig.late, 0);
    rig.reassignment.stop();
  });

  it('causes a wake-up at the earliest of all times', async () => {
    const rig = new Rig();
    rig.runs();
    await rig.clock.advance(300);
    rig.runs();
    assert.equal(rig.late, 0);
    await rig.clock.advance(700);
    assert.deepEqual(rig.woken, [1_000]);
    rig.reassignment.late(rig.running.slice(1), rig.idle);
    assert.equal(rig.clock.pending, 1);
    await rig.clock.advance(300);
    assert.deepEqual(rig.woken, [1_000, 1_300]);
  });
});

describe('a request with slow progress', () => {
  it('is given up after five times as long to a peer four times as quick', async () => {
    const rig = new Rig();
    const request = rig.runs();
    rig.brings(rig.successor, 40);
    await rig.trickle(request, 4_500, 10);
    assert.equal(rig.late, 0);
    await rig.trickle(request, 500, 10);
    assert.equal(rig.late, 0, 'suspected');
    await rig.clock.advance(GRACE_MS);
    assert.equal(rig.late, 1);
  });

  it('is kept where no peer is four times as quick', async () => {
    const rig = new Rig();
    const request = rig.runs();
    rig.brings(rig.successor, 39);
    await rig.trickle(request, 20_000, 10);
    assert.equal(rig.late, 0);
    assert.equal(request.suspectedAt, undefined);
    const still = rig.source('quick');
    rig.brings(still, 40);
    rig.wanted.add('quick', request.ids);
    rig.idle.push(still);
    assert.equal(rig.late, 0);
    assert.notEqual(request.suspectedAt, undefined, 'the quickest of them counts');
    rig.reassignment.stop();
  });

  it('has more time for a larger item', async () => {
    const rig = new Rig();
    const request = rig.runs('large', 256 * 5_000);
    rig.brings(rig.successor, 10_000);
    await rig.trickle(request, 9_500, 10);
    assert.equal(rig.late, 0);
    assert.equal(request.suspectedAt, undefined);
    await rig.trickle(request, 500, 10);
    assert.equal(rig.late, 0);
    await rig.clock.advance(GRACE_MS);
    assert.equal(rig.late, 1);
    rig.reassignment.stop();
  });
});
