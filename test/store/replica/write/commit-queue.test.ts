import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BulkPace, Item, ReplicaLimits } from '../../../../src/store/index.ts';
import { unknown, writeFailed } from '../../../../src/store/replica/testing.ts';
import { GroupCommit, type PutLine } from '../../../../src/store/replica/write/testing.ts';
import { settle } from '../../../support/clock.ts';

describe('the queue before the writer', () => {
  it('has room up to its bound of items, and again once they are written, twice', async () => {
    const queue = new Queue({ maxQueuedItems: 3 });
    for (const round of [0, 10]) {
      queue.add(round);
      await settle();
      queue.add(round + 1, round + 2);
      assert.equal(await queue.hasRoom(), true, 'two of three are queued');
      queue.add(round + 3);
      assert.equal(await queue.hasRoom(), false, 'three of three are queued');
      queue.finish();
      await settle();
      assert.equal(await queue.hasRoom(), true, 'what is being written is queued no more');
      queue.finish();
      await settle();
    }
    assert.deepEqual(queue.batches, [[0], [1, 2, 3], [10], [11, 12, 13]]);
  });

  it('has room up to its bound of bytes, and again once they are written, twice', async () => {
    const queue = new Queue({ maxQueuedBytes: 100 });
    for (const round of [0, 10]) {
      queue.add(round);
      await settle();
      queue.addBytes(round + 1, 99);
      assert.equal(await queue.hasRoom(), true, '99 of 100 bytes are queued');
      queue.addBytes(round + 2, 1);
      assert.equal(await queue.hasRoom(), false, '100 of 100 bytes are queued');
      queue.finish();
      await settle();
      assert.equal(await queue.hasRoom(), true, 'what is being written is queued no more');
      queue.finish();
      await settle();
    }
  });

  it('wakes all puts that wait for room, also after a failure', async () => {
    const queue = new Queue({ maxQueuedItems: 1 });
    queue.add(0);
    await settle();
    queue.add(1);
    let woken = 0;
    for (let i = 0; i < 3; i++) void queue.room().then(() => woken++);
    await settle();
    assert.equal(woken, 0);
    queue.fail(new Error('it burns'));
    await settle();
    assert.equal(woken, 3);
  });

  it('puts as many bytes into a batch as it may hold, and one more into the next', async () => {
    const queue = new Queue({ maxBatchBytes: 100 });
    queue.more = true;
    queue.addBytes(0, 60);
    queue.addBytes(1, 40);
    queue.addBytes(2, 60);
    queue.addBytes(3, 41);
    queue.addBytes(4, 500);
    queue.addBytes(5, 1);
    await queue.writeAll();
    assert.deepEqual(queue.batches, [[0, 1], [2], [3], [4], [5]]);
  });

  it('puts as many items into a batch as it may hold, and one more into the next', async () => {
    const queue = new Queue({ maxBatchItems: 2 });
    queue.more = true;
    assert.equal(queue.add(0, 1, 2).length, 2, 'a call waits for each batch it is in, once');
    assert.equal(queue.add(3).length, 1);
    await queue.writeAll();
    assert.deepEqual(queue.batches, [
      [0, 1],
      [2, 3],
    ]);
  });

  it('holds as many items as there is time for in a batch of peers, and more in an own batch', async () => {
    const queue = new Queue({ maxBatchItems: 3 });
    queue.peerItems = 2;
    queue.more = true;
    queue.add(0, 1, 2);
    queue.peerItems = 9;
    queue.add(3, 4, 5);
    queue.peerItems = 1;
    queue.addOwn(6, 7, 8, 9);
    await queue.writeAll();
    assert.deepEqual(queue.batches, [[7, 8, 9], [0, 1, 6], [2, 3, 4], [5]]);
  });

  it('knows the pending ids, and counts their bytes until they are on disk', async () => {
    const queue = new Queue();
    for (const round of [0, 10]) {
      const [written] = queue.addBytes(round, 30);
      await settle();
      queue.addBytes(round + 1, 12);
      assert.equal(queue.commits.pendingBytes, 42);
      assert.equal(queue.commits.pending(id(round)), written);
      queue.finish();
      await written;
      assert.equal(
        queue.commits.pending(id(round)),
        undefined,
        'what is on disk is not on its way',
      );
      assert.equal(queue.commits.pendingBytes, 12);
      assert.notEqual(queue.commits.pending(id(round + 1)), undefined);
      await settle();
      queue.finish();
      await settle();
      assert.equal(queue.commits.pendingBytes, 0);
    }
  });

  it('drops a failed batch and all puts queued behind it, each time', async () => {
    const queue = new Queue({ maxBatchItems: 1, maxQueuedItems: 3, maxQueuedBytes: 21 });
    for (const round of [0, 10]) {
      const [first] = queue.addBytes(round, 10);
      await settle();
      const others = [queue.addBytes(round + 1, 10)[0]!, queue.addBytes(round + 2, 10)[0]!];
      const failures = Promise.allSettled([first!, ...others]);
      const refusal = writeFailed(new Error('it burns'));
      queue.fail(unknown(refusal));
      const [own, ...behind] = (await failures).map((one) => (one as PromiseRejectedResult).reason);
      assert.match(own.message, /not known/);
      assert.deepEqual(behind, [refusal, refusal], 'what was not tried is surely not on disk');
      for (const number of [0, 1, 2]) {
        const pending = queue.commits.pending(id(round + number));
        assert.equal(pending, undefined, 'an item that failed is not on its way');
      }
      assert.equal(queue.commits.pendingBytes, 0, 'bytes that failed are not on their way');
      assert.equal(await queue.hasRoom(), true);
      queue.addBytes(round + 3, 20);
      await settle();
      queue.addBytes(round + 4, 20);
      assert.equal(await queue.hasRoom(), true, 'what failed takes no room');
      queue.finish();
      await settle();
      queue.finish();
      await settle();
    }
    assert.deepEqual(queue.batches, [[0], [3], [4], [10], [13], [14]]);
  });

  it('survives a failure without a listener', async () => {
    const queue = new Queue();
    queue.add(0);
    await settle();
    queue.fail(new Error('it burns'));
    await settle();
  });

  it('prepares a large batch beside the running one, never a small one or a third', async () => {
    const large = Array.from({ length: 256 }, (_, i) => 1_000 + i);
    const queue = new Queue({ maxBatchItems: 256 });
    queue.add(0);
    await settle();
    queue.add(...large.slice(1));
    await settle();
    assert.equal(queue.batches.length, 1, '255 items wait for more');
    queue.add(large[0]!);
    await settle();
    assert.equal(queue.batches.length, 2, '256 items do not');
    queue.add(...large.map((number) => number + 1_000));
    await settle();
    assert.equal(queue.batches.length, 2, 'a third one waits');
    queue.finish();
    await settle();
    assert.equal(queue.batches.length, 3);
    queue.finish();
    queue.finish();
    await settle();
  });

  it('prepares a batch of many bytes beside the running one', async () => {
    const queue = new Queue();
    queue.add(0);
    await settle();
    queue.addBytes(1, 1024 * 1024 - 1);
    await settle();
    assert.equal(queue.batches.length, 1, 'a byte less than a mebibyte waits for more');
    queue.addBytes(2, 1);
    await settle();
    assert.equal(queue.batches.length, 2, 'a mebibyte does not');
  });

  it('begins no batch while more puts are about to come, unless it is full', async () => {
    const queue = new Queue({ maxQueuedItems: 2 });
    queue.more = true;
    queue.add(0);
    await settle();
    assert.deepEqual(queue.batches, []);
    queue.add(1);
    await settle();
    assert.deepEqual(queue.batches, [[0, 1]]);
    queue.finish();
    await settle();
  });

  it('lets an answered caller put again before the next batch begins', async () => {
    const queue = new Queue();
    const [first] = queue.add(0);
    const again = first!.then(async () => {
      // What a caller awaits on its way to the next put.
      for (let turn = 0; turn < 8; turn++) await undefined;
      queue.add(2);
    });
    await settle();
    queue.add(1);
    queue.finish();
    await again;
    await settle();
    assert.deepEqual(queue.batches, [[0], [1, 2]]);
  });
});

describe('own items in the queue before the writer', () => {
  it('pass the batches of peers, each batch once', async () => {
    const queue = new Queue({ maxBatchItems: 2 });
    queue.add(0);
    await settle();
    queue.add(1, 2, 3, 4);
    queue.addOwn(100);
    queue.addOwn(101, 102);
    for (const _ of [1, 2, 3, 4, 5]) {
      queue.finish();
      await settle();
    }
    assert.deepEqual(queue.batches, [[0], [100, 101], [1, 2], [102], [3, 4]]);
    queue.add(5);
    await settle();
    queue.add(6, 7, 8, 9);
    for (const own of [103, 105, 107]) {
      queue.addOwn(own, own + 1);
      queue.finish();
      await settle();
    }
    queue.finish();
    await settle();
    assert.deepEqual(queue.batches.slice(5), [[5], [103, 104], [6, 7], [105, 106], [8, 9]]);
    queue.finish();
    await settle();
    assert.deepEqual(queue.batches.at(-1), [107, 108]);
  });

  it('share the next batch where it has room', async () => {
    const queue = new Queue();
    queue.add(0);
    await settle();
    queue.add(1);
    queue.addOwn(100);
    queue.finish();
    await settle();
    assert.deepEqual(queue.batches, [[0], [1, 100]]);
  });

  it('do not wait behind a call of peers that waits for something else', async () => {
    const queue = new Queue();
    queue.more = true;
    let woken = 0;
    void queue.room('own').then(() => woken++);
    void queue.room('peers').then(() => woken++);
    await settle();
    assert.equal(woken, 1);
    queue.more = false;
    await settle();
    assert.equal(woken, 2);
  });

  it('adds at once where nothing is waited for, and else behind the calls that wait', async () => {
    const { commits } = new Queue();
    const added: string[] = [];
    for (const round of ['a', 'b']) {
      const enter = (name: string, ready: Promise<void> | null = null) =>
        commits.enter(
          'own',
          () => ready,
          () => void added.push(name),
        );
      enter(`${round}1`);
      assert.deepEqual(added.splice(0), [`${round}1`]);
      const reading = Promise.withResolvers<void>();
      const second = enter(`${round}2`, reading.promise);
      const third = enter(`${round}3`);
      await settle();
      assert.deepEqual(added, []);
      reading.resolve();
      await Promise.all([second, third]);
      assert.deepEqual(added.splice(0), [`${round}2`, `${round}3`]);
    }
  });
});

describe('a batch of peers', () => {
  /** A queue whose batches of peers wait; `give` gives the oldest its turn. */
  function awaiting(limits?: Partial<ReplicaLimits>) {
    const turns: (() => void)[] = [];
    const turn = (): Promise<void> => new Promise((resolve) => turns.push(resolve));
    const queue = new Queue(limits, { turn });
    const give = async (): Promise<void> => {
      turns.shift()!();
      await settle();
    };
    return { queue, turns, give };
  }

  it('is written in a turn of its own, of which there is one at a time', async () => {
    const { queue, turns, give } = awaiting({ maxBatchItems: 1 });
    for (const round of [0, 10]) {
      queue.batches.length = 0;
      queue.add(round + 1, round + 2);
      await settle();
      assert.deepEqual([queue.batches, turns.length], [[], 1]);
      await give();
      assert.deepEqual([queue.batches, turns.length], [[[round + 1]], 0]);
      queue.finish();
      await settle();
      assert.deepEqual([queue.batches.length, turns.length], [1, 1]);
      await give();
      assert.deepEqual(queue.batches, [[round + 1], [round + 2]]);
      queue.finish();
      await settle();
    }
  });

  it('lets items of callers here pass while it awaits its turn', async () => {
    const { queue, turns, give } = awaiting({ maxBatchItems: 2 });
    queue.add(1, 2);
    await settle();
    queue.addOwn(3, 4);
    await settle();
    assert.deepEqual([queue.batches, turns.length], [[[3, 4]], 1]);
    queue.finish();
    await settle();
    assert.deepEqual(queue.batches, [[3, 4]]);
    await give();
    assert.deepEqual(queue.batches, [
      [3, 4],
      [1, 2],
    ]);
  });

  it('awaits no turn once it was passed, and callers here wait behind it', async () => {
    const { queue, turns } = awaiting({ maxBatchItems: 2 });
    queue.add(1, 2);
    await settle();
    for (const own of [3, 5]) queue.addOwn(own, own + 1);
    await settle();
    for (const _ of [1, 2]) {
      queue.finish();
      await settle();
    }
    const written = [
      [3, 4],
      [1, 2],
      [5, 6],
    ];
    assert.deepEqual([queue.batches, turns.length], [written, 1]);
  });

  it('awaits no turn once it has an item of a caller here', async () => {
    const { queue, turns, give } = awaiting();
    queue.add(1);
    await settle();
    queue.addOwn(2);
    await settle();
    assert.deepEqual(queue.batches, [[1, 2]]);
    queue.finish();
    await give();
    queue.add(3);
    await settle();
    assert.deepEqual(
      [queue.batches.length, turns.length],
      [1, 1],
      'a turn that came in vain is gone',
    );
  });
});

/** A queue whose writes the test ends. */
class Queue {
  readonly commits: GroupCommit;
  /** Numbers of the items in each batch that was begun. */
  readonly batches: number[][] = [];
  /** Ends the call that is about to add items. */
  #arrived: () => void = () => undefined;
  readonly #begun: PromiseWithResolvers<void>[] = [];
  /** Items that there is time for. */
  peerItems = 2 ** 20;

  constructor(limits: Partial<ReplicaLimits> = {}, bulk?: Pick<BulkPace, 'turn'>) {
    this.commits = new GroupCommit({
      limits: {
        maxQueuedBytes: 2 ** 30,
        maxQueuedItems: 2 ** 20,
        maxBatchBytes: 2 ** 30,
        maxBatchItems: 2 ** 20,
        ...limits,
      },
      peerItems: () => this.peerItems,
      bulk,
      write: (items) => {
        this.batches.push(items.map(({ hint }) => Number(hint)));
        const begun = Promise.withResolvers<void>();
        this.#begun.push(begun);
        return begun.promise;
      },
    });
  }

  add(...numbers: readonly number[]): Promise<void>[] {
    const added = this.commits.add(
      'peers',
      numbers.map((number) => item(number, 0)),
    );
    this.commits.start();
    return added;
  }

  addOwn(...numbers: readonly number[]): void {
    this.commits.add(
      'own',
      numbers.map((number) => item(number, 0)),
    );
    this.commits.start();
  }

  addBytes(number: number, bytes: number): Promise<void>[] {
    const added = this.commits.add('peers', [item(number, bytes)]);
    this.commits.start();
    return added;
  }

  /** Whether a call is about to add items. */
  set more(more: boolean) {
    this.#arrived();
    if (!more) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arrived = resolve;
    void this.commits.enter(
      'peers',
      () => promise,
      () => undefined,
    );
  }

  /** Resolves once a call may add items. */
  async room(line: PutLine = 'peers'): Promise<void> {
    await this.commits.enter(
      line,
      async () => undefined,
      () => undefined,
    );
  }

  async hasRoom(): Promise<boolean> {
    let room = false;
    void this.room().then(() => {
      room = true;
    });
    await settle();
    return room;
  }

  /** Ends the oldest write. */
  finish(): void {
    this.#oldest().resolve();
  }

  fail(error: Error): void {
    this.#oldest().reject(error);
  }

  #oldest(): PromiseWithResolvers<void> {
    const begun = this.#begun.shift();
    assert.ok(begun, 'a batch is being written');
    return begun;
  }

  /** Lets everything that was queued be written. */
  async writeAll(): Promise<void> {
    this.more = false;
    this.commits.start();
    for (await settle(); this.#begun.length > 0; await settle()) {
      this.finish();
      assert.ok(this.batches.length < 100, 'a batch is written once');
    }
  }
}

function item(number: number, bytes: number): Item {
  return { hint: BigInt(number), id: id(number), payload: new Uint8Array(bytes) };
}

function id(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}
