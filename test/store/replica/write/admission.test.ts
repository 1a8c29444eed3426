import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReplicaLimits } from '../../../../src/store/replica/index.ts';
import { Admission } from '../../../../src/store/replica/write/testing.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { coded } from '../support.ts';

/** Bytes to spare with which puts do not wait for a reading. */
const AMPLE = 256 * 1024 * 1024;

describe('admission of items', () => {
  it('takes an item of the longest length, and none longer', () => {
    const { admission } = new Room({ maxItemBytes: 10 });
    admission.checkItem(0n, 10);
    assert.throws(() => admission.checkItem(0n, 11), coded('ITEM_TOO_LARGE'));
  });

  it('takes an item with the hint of the floor, and none below', () => {
    const room = new Room();
    room.floor = 7n;
    room.admission.checkItem(7n, 1);
    assert.throws(() => room.admission.checkItem(6n, 1), coded('HINT_TOO_OLD'));
  });

  it('fills the set to the byte, counting held and pending bytes', () => {
    const room = new Room({ maxSetBytes: 100 });
    room.held = 50;
    room.pending = 30;
    assert.throws(() => room.admit(21), coded('SET_FULL'));
    room.admit(20);
    assert.equal(room.refusal, null, 'a byte more would fit');
    room.pending = 50;
    assert.equal(room.refusal, 'SET_FULL', 'not one byte fits');
    room.held = 49;
    assert.equal(room.refusal, null);
  });

  it('fills the set to the item, counting held and pending items', () => {
    const room = new Room({ maxItems: 10 });
    room.heldItems = 5;
    room.pendingItems = 3;
    assert.throws(() => room.admit(1, 3), coded('TOO_MANY_ITEMS'));
    assert.equal(room.refusal, 'TOO_MANY_ITEMS', 'as many would be refused again');
    room.admit(1, 2);
    assert.equal(room.refusal, null);
    room.pendingItems = 5;
    assert.equal(room.refusal, 'TOO_MANY_ITEMS');
  });

  it('tells once of a refusal, also without a put, and once that items are taken again', async () => {
    const room = new Room({ minFreeBytes: 100, maxSetBytes: 1_000 });
    room.free = 100;
    await room.readAgain();
    assert.deepEqual(room.told, ['DISK_FULL']);
    for (let round = 0; round < 2; round++) assert.throws(() => room.admit(1), coded('DISK_FULL'));
    await room.readAgain();
    assert.deepEqual(room.told, ['DISK_FULL']);
    room.free = 2 ** 40;
    await room.readAgain();
    assert.deepEqual(room.told, ['DISK_FULL', 'DISK_FULL again']);
    assert.throws(() => room.admit(1_001), coded('SET_FULL'));
    room.admit(1);
    assert.deepEqual(room.told.slice(2), ['SET_FULL', 'SET_FULL again']);
  });

  it('reports its last refusal until it admits an item', () => {
    const room = new Room({ maxSetBytes: 100 });
    for (let round = 0; round < 2; round++) {
      room.held = 90;
      assert.throws(() => room.admit(11), coded('SET_FULL'));
      assert.equal(room.refusal, 'SET_FULL');
      room.held = 89;
      assert.equal(room.refusal, null, 'what was refused would fit now');
      room.held = 90;
      room.admit(10);
      assert.equal(room.refusal, null, 'a larger one was taken since');
    }
  });

  it('leaves the disk its free bytes to the byte', async () => {
    const room = new Room({ minFreeBytes: 100 });
    room.free = 150;
    await room.admission.refresh();
    assert.throws(() => room.admit(51), coded('DISK_FULL'));
    room.admit(50);
    assert.equal(room.refusal, 'DISK_FULL');
  });

  it('counts pending bytes as not yet on the disk, whatever the reading says', async () => {
    const room = new Room({ minFreeBytes: 100 });
    room.free = 200;
    await room.admission.refresh();
    room.admit(60);
    room.pending = 60;
    await room.readAgain();
    assert.throws(() => room.admit(41), coded('DISK_FULL'), 'the 60 bytes are still to be written');
    room.admit(40);
    // Now all of them are on the disk, and the reading shows them.
    room.pending = 0;
    room.free = 110;
    await room.readAgain();
    assert.throws(() => room.admit(11), coded('DISK_FULL'));
    room.admit(10);
  });

  it('counts bytes that were admitted during a reading', async () => {
    const room = new Room({ minFreeBytes: 100 });
    room.free = 200;
    await room.admission.refresh();
    const answer = room.holdAnswers();
    await room.clock.advance(1_000);
    const refreshed = room.admission.refresh();
    room.admit(70);
    answer(200);
    await refreshed;
    assert.throws(() => room.admit(31), coded('DISK_FULL'));
    room.admit(30);
  });

  it('reads the disk once a second', async () => {
    const room = new Room();
    const asked: number[] = [];
    for (const ms of [0, 999, 1, 999, 1]) {
      await room.clock.advance(ms);
      await room.admission.refresh();
      asked.push(room.asked);
    }
    assert.deepEqual(asked, [1, 1, 2, 2, 3]);
  });

  it('makes all puts wait for the running reading', async () => {
    const room = new Room({ minFreeBytes: 100 });
    const answer = room.holdAnswers();
    const first = isSettled(room.admission.refresh());
    await room.clock.advance(10);
    const second = isSettled(room.admission.refresh());
    await settle();
    assert.deepEqual([first(), second(), room.asked], [false, false, 1]);
    answer(1_000);
    await settle();
    assert.deepEqual([first(), second()], [true, true]);
    const third = isSettled(room.admission.refresh());
    await settle();
    assert.equal(third(), true, 'what was read is waited for no more');
  });

  it('begins no second reading beside one that takes long', async () => {
    const room = new Room({ minFreeBytes: 100 });
    room.free = 200;
    await room.admission.refresh();
    room.admit(60);
    const answer = room.holdAnswers();
    for (let second = 0; second < 3; second++) {
      await room.clock.advance(1_000);
      void room.admission.refresh();
    }
    assert.equal(room.asked, 2);
    answer(140);
    await settle();
    assert.throws(() => room.admit(41), coded('DISK_FULL'), 'bytes are seen once');
    room.admit(40);
    await room.admission.refresh();
    assert.equal(room.asked, 3, 'the next one is begun');
  });

  it('makes no put wait while the last reading left enough room', async () => {
    const waits = async (spare: number, ageMs: number): Promise<boolean> => {
      const room = new Room({ minFreeBytes: 100 });
      room.free = AMPLE + 150;
      await room.admission.refresh();
      room.admit(50 - spare);
      room.holdAnswers();
      await room.clock.advance(ageMs);
      const done = isSettled(room.admission.refresh());
      await settle();
      return !done();
    };
    assert.equal(await waits(0, 1_000), false, 'just enough to spare');
    assert.equal(await waits(-1, 1_000), true, 'a byte less');
    assert.equal(await waits(0, 4_999), false, 'the reading is not old');
    assert.equal(await waits(0, 5_000), true, 'the reading is old');
  });

  it('keeps the last reading when the disk does not answer, logs it, and asks again', async () => {
    const room = new Room({ minFreeBytes: 100 });
    room.free = 150;
    await room.admission.refresh();
    for (const warned of [1, 2]) {
      room.free = null;
      await room.readAgain();
      assert.equal(room.warnings, warned);
      assert.throws(() => room.admit(51), coded('DISK_FULL'));
    }
    room.free = 160;
    await room.readAgain();
    room.admit(60);
  });

  it('treats a failed reading as no reading', async () => {
    const room = new Room({ minFreeBytes: 100 });
    room.free = AMPLE * 2;
    await room.admission.refresh();
    room.free = null;
    for (let second = 0; second < 4; second++) await room.readAgain();
    room.holdAnswers();
    await room.clock.advance(1_000);
    const done = isSettled(room.admission.refresh());
    await settle();
    assert.equal(done(), false, 'five seconds after the last answer puts wait for the next');
  });
});

/** An admission, and all it looks at. */
class Room {
  readonly clock: VirtualClock = new VirtualClock();
  readonly admission: Admission;
  floor = 0n;
  held = 0;
  pending = 0;
  heldItems = 0;
  pendingItems = 0;
  /** Null when the disk does not answer. */
  free: number | null = 2 ** 40;
  asked = 0;
  warnings = 0;
  /** The codes of refusals that were told, each with `again` once items are taken. */
  readonly told: string[] = [];
  #held: Promise<number> | null = null;

  constructor(limits: Partial<ReplicaLimits> = {}) {
    this.admission = new Admission({
      limits: {
        maxItemBytes: 1_000,
        maxSetBytes: 2 ** 50,
        maxItems: 2 ** 50,
        minFreeBytes: 0,
        ...limits,
      },
      clock: this.clock,
      disk: { freeBytes: () => this.#answer() },
      logger: {
        warn: (fields, message) => {
          const { code } = fields as { code?: string };
          if (code === undefined) this.warnings++;
          else this.told.push(message.includes('again') ? `${code} again` : code);
        },
        error: () => undefined,
      },
      floor: () => this.floor,
      held: () => ({ items: this.heldItems, bytes: this.held }),
      pending: () => ({ items: this.pendingItems, bytes: this.pending }),
    });
  }

  admit(bytes: number, items = 1): void {
    this.admission.admit({ items, bytes });
  }

  get refusal(): string | null {
    return this.admission.refusing?.code ?? null;
  }

  async readAgain(): Promise<void> {
    await this.clock.advance(1_000);
    await this.admission.refresh();
    await settle();
  }

  /** Has the disk answer only when the test does. */
  holdAnswers(): (free: number) => void {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#held = promise;
    return resolve;
  }

  async #answer(): Promise<number> {
    this.asked++;
    if (this.#held !== null) return this.#held;
    if (this.free === null) throw new Error('gone');
    return this.free;
  }
}

/** Tells whether a promise has resolved. */
function isSettled(promise: Promise<void> | null): () => boolean {
  let settled = promise === null;
  void promise?.then(() => {
    settled = true;
  });
  return () => settled;
}
