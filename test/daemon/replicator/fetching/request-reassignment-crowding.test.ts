import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestKind } from '../../../../src/daemon/replicator/fetching/testing.ts';
import {
  FetchSource,
  RequestReassignment,
  RunningRequest,
} from '../../../../src/daemon/replicator/fetching/testing.ts';
import {
  DEFAULT_REPLICATOR_OPTIONS,
  type ReplicatorOptions,
} from '../../../../src/daemon/replicator/index.ts';
import { BackOff } from '../../../../src/daemon/testing.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { idOf } from '../support.ts';

/** What a request without progress may take: a tenth of the patience. */
const STEAL_AFTER_MS = 100;
const PATIENCE_MS = 1_000;

class Rig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly wanted: ReconciliationSet = new ReconciliationSet();
  readonly reassignment: RequestReassignment;
  readonly running: RunningRequest[] = [];
  ready: FetchSource[] = [];
  woken = 0;
  /** A large item waits for memory. */
  crowded = false;
  #ids = 0;

  constructor(change: Partial<ReplicatorOptions> = {}) {
    this.reassignment = new RequestReassignment({
      clock: this.clock,
      wanted: this.wanted,
      options: {
        ...DEFAULT_REPLICATOR_OPTIONS,
        stealAfterMs: STEAL_AFTER_MS,
        maxRequests: 2,
        maxLargeRequests: 1,
        ...change,
      },
      wake: () => this.woken++,
    });
  }

  source(peer: string, bytesPerMs = 0): FetchSource {
    const source = new FetchSource(peer, new BackOff({ baseMs: 1, maxMs: 1 }));
    const note = { kind: 'small', answered: 0, items: 0, streamedMs: 1 } as const;
    if (bytesPerMs > 0) source.throughput.note({ ...note, bytes: bytesPerMs });
    return source;
  }

  /** A peer that lists something, and has no request. */
  waits(peer: string, bytesPerMs = 0, large = false): FetchSource {
    const source = this.source(peer, bytesPerMs);
    this.#list(peer, large);
    this.ready.push(source);
    return source;
  }

  runs(source: FetchSource, kind: RequestKind = 'small'): RunningRequest {
    const ids = [this.#list(source.peer, kind === 'large')];
    this.wanted.claim(source.peer, 1);
    if (kind === 'large') this.wanted.claimLarge(source.peer, { max: 1, maxBytes: 1 });
    const request = new RunningRequest({ source, clock: this.clock, kind, ids });
    source.requests.add(request);
    this.running.push(request);
    return request;
  }

  #list(peer: string, large: boolean): Uint8Array {
    const id = idOf(this.#ids++);
    this.wanted.add(peer, [id]);
    if (large) this.wanted.enlarge(id, { peer, bytes: 1_000_000 });
    return id;
  }

  get crowding(): string | undefined {
    return this.reassignment.crowding(this)?.source.peer;
  }
}

/** Two slow requests, which is all there may be. */
function full(): { rig: Rig; first: RunningRequest; second: RunningRequest } {
  const rig = new Rig();
  const [first, second] = ['s', 't'].map((peer) => rig.runs(rig.source(peer))) as RunningRequest[];
  return { rig, first: first!, second: second! };
}

describe('a slow request', () => {
  it('ends in favour of a waiting peer after its grace period, the slowest first', async () => {
    const { rig, first } = full();
    first.came(500);
    rig.waits('w');
    await rig.clock.advance(PATIENCE_MS - 1);
    assert.equal(rig.crowding, undefined);
    await rig.clock.advance(1);
    assert.equal(rig.crowding, 't');
    rig.running.pop();
    rig.runs(rig.source('u'));
    assert.equal(rig.crowding, 's', 'a new one has its own patience');
  });

  it('continues where there is room for others', async () => {
    const { rig } = full();
    rig.waits('w');
    rig.running.pop();
    await rig.clock.advance(2 * PATIENCE_MS);
    assert.equal(rig.crowding, undefined);
    assert.equal(rig.clock.pending, 0);
  });

  it('continues where no id waits to be claimed', async () => {
    const { rig } = full();
    const source = rig.waits('w');
    rig.wanted.claim('w', 1);
    source.requests.clear();
    await rig.clock.advance(2 * PATIENCE_MS);
    assert.equal(rig.crowding, undefined);
  });

  it('continues where no idle and healthy peer lists an id', async () => {
    const { rig, first } = full();
    rig.wanted.add('nobody', [idOf(99)]);
    await rig.clock.advance(2 * PATIENCE_MS);
    assert.equal(rig.crowding, undefined, 'no source waits');
    rig.ready = [rig.source('lists nothing')];
    assert.equal(rig.crowding, undefined);
    rig.ready = [];
    rig.waits('asked').requests.add(first);
    assert.equal(rig.crowding, undefined);
    rig.ready = [];
    rig.waits('failed').backOff.next();
    assert.equal(rig.crowding, undefined);
    assert.equal(rig.clock.pending, 0);
    rig.ready = [];
    rig.waits('w');
    assert.equal(rig.crowding, 's');
  });

  it('ends in favour of a waiting mirror of another peer', async () => {
    const { rig } = full();
    rig.wanted.add('l', [idOf(99)]);
    rig.wanted.mirror('m', 'l');
    rig.ready = [rig.source('m')];
    await rig.clock.advance(PATIENCE_MS);
    assert.equal(rig.crowding, 's');
  });

  it('is looked for again at the time it may be slow enough, and once only', async () => {
    const { rig } = full();
    rig.waits('w');
    for (const round of [1, 2]) {
      for (const request of rig.running) request.came(100_000);
      assert.deepEqual([rig.crowding, rig.crowding], [undefined, undefined]);
      assert.equal(rig.clock.pending, 1);
      await rig.clock.advance(PATIENCE_MS - 1);
      assert.equal(rig.woken, round - 1);
      await rig.clock.advance(1);
      assert.equal(rig.woken, round);
    }
    assert.equal(rig.crowding, undefined);
    rig.reassignment.stop();
    assert.equal(rig.clock.pending, 0);
    await rig.clock.advance(PATIENCE_MS);
    assert.equal(rig.woken, 2);
  });

  it('is not a request whose items wait for our disk', async () => {
    const { rig, first } = full();
    rig.waits('w');
    await rig.clock.advance(PATIENCE_MS);
    void first.holding(new Promise(() => undefined));
    assert.equal(rig.crowding, 't');
  });

  for (const [what, bytesPerMs, bound] of [
    ['16 bytes a millisecond where nothing is known of who waits', 0, 16],
    ['a sixteenth of what who waits brings', 160, 10],
    ['128 bytes a millisecond, however quick who waits is', 1_000_000, 128],
  ] as const) {
    it(`is a request that delivers less than ${what}`, async () => {
      const { rig, first, second } = full();
      rig.waits('w', bytesPerMs);
      await rig.clock.advance(PATIENCE_MS);
      for (const request of [first, second]) request.came(bound * PATIENCE_MS);
      assert.equal(rig.crowding, undefined, 'at the bound');
      rig.reassignment.stop();
      const slower = full();
      slower.rig.waits('w', bytesPerMs);
      await slower.rig.clock.advance(PATIENCE_MS);
      slower.first.came(bound * PATIENCE_MS);
      slower.second.came(bound * PATIENCE_MS - 1);
      assert.equal(slower.rig.crowding, 't', 'a byte below it');
    });
  }

  it('is measured against the quickest waiting peer', async () => {
    const { rig, first, second } = full();
    rig.waits('slow', 16);
    rig.waits('quick', 160);
    await rig.clock.advance(PATIENCE_MS);
    first.came(5 * PATIENCE_MS);
    second.came(50 * PATIENCE_MS);
    assert.equal(rig.crowding, 's');
  });
});

describe('a slow large request', () => {
  it('ends in favour of a peer that waits with a large item, whatever else that is asked', async () => {
    const rig = new Rig({ maxRequests: 10 });
    rig.runs(rig.source('small'));
    rig.runs(rig.source('s'), 'large');
    const waiting = rig.waits('w', 0, true);
    waiting.requests.add(rig.runs(rig.source('x')));
    await rig.clock.advance(PATIENCE_MS);
    assert.equal(rig.crowding, 's', 'not a small one');
    waiting.requests.add(
      new RunningRequest({ source: waiting, clock: rig.clock, kind: 'large', ids: [] }),
    );
    assert.equal(rig.crowding, undefined, 'who has one waits for none');
  });

  it('ends too where a large item waits for memory', async () => {
    const rig = new Rig({ maxRequests: 10, maxLargeRequests: 2 });
    rig.runs(rig.source('s'), 'large');
    rig.waits('w', 0, true);
    rig.crowded = true;
    await rig.clock.advance(PATIENCE_MS);
    assert.equal(rig.crowding, 's');
  });

  it('continues where more large requests are allowed', async () => {
    const rig = new Rig({ maxRequests: 10, maxLargeRequests: 2 });
    rig.runs(rig.source('s'), 'large');
    rig.waits('w', 0, true);
    await rig.clock.advance(PATIENCE_MS);
    assert.equal(rig.crowding, undefined);
  });
});
