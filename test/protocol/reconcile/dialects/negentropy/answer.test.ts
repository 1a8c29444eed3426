import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { negentropy } from '../../../../../src/protocol/index.ts';
import {
  cutsOf,
  fingerprintOf,
  Learner,
  MessageBuilder,
  MessageReader,
  MessageWriter,
  pieces,
  splitRange,
} from '../../../../../src/protocol/reconcile/dialects/negentropy/testing.ts';
import type { MessageRange } from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import {
  bytesToHex,
  compareKeys,
  concatBytes,
  INFINITE_BOUND,
} from '../../../../../src/store/index.ts';
import { keysOf } from '../../../../conformance/pairs.ts';
import { assertProperty } from '../../../../support/property.ts';
import { wholeAnswer } from '../../../../support/whole-answer.ts';
import { flat } from './storages.ts';

const keys = keysOf(11, 2_100).sort(compareKeys);
const snapshot = flat(keys);
const whole = (end: number) => ({ upper: INFINITE_BOUND, begin: 0, end });

function ranges(message: Uint8Array): MessageRange[] {
  const reader = new MessageReader(message, { maxBytes: 1 << 20 });
  const read: MessageRange[] = [];
  while (!reader.done) read.push(reader.range());
  return read;
}
const shape = (message: Uint8Array) =>
  ranges(message).map((range) => (range.mode === 'list' ? range.ids.length / 32 : range.mode));

describe('the parts of a range', () => {
  it('are 16, in order, as equal as can be, the first ones larger', () => {
    assertProperty(
      fc.property(fc.nat({ max: 1_000 }), fc.nat({ max: 1_000 }), (begin, size) => {
        const cuts = cutsOf(begin, begin + size);
        assert.deepEqual([cuts.length, cuts[0], cuts.at(-1)], [17, begin, begin + size]);
        const sizes = cuts.slice(1).map((cut, i) => cut - cuts[i]!);
        const larger = size % 16;
        sizes.forEach((one, i) => {
          assert.equal(one, Math.floor(size / 16) + (i < larger ? 1 : 0));
        });
      }),
    );
  });

  it('say where they end, and what is in them', () => {
    const parts = splitRange(snapshot, 10, 50, INFINITE_BOUND);
    const cuts = cutsOf(10, 50);
    assert.equal(parts.at(-1)!.upper, INFINITE_BOUND);
    parts.forEach(({ upper, fingerprint }, i) => {
      const [begin, end] = [cuts[i]!, cuts[i + 1]!];
      if (i < 15) assert.equal(snapshot.lowerBound(upper), end);
      const state = snapshot.fingerprint(begin, end);
      assert.deepEqual(fingerprint, snapshot.scheme.digest(state, end - begin));
    });
  });

  it('are pieces of at most 1,024 ids, all of them once', () => {
    for (const [begin, end] of [
      [0, 0],
      [3, 1_026],
      [3, 1_027],
      [3, 1_028],
      [0, 2_100],
    ] as const) {
      const all = [...pieces(snapshot, begin, end)];
      assert.deepEqual(concatBytes(...all), snapshot.ids(begin, end));
      assert.equal(all.length, Math.ceil((end - begin) / 1_024));
      assert.ok(all.every(({ length }) => length > 0 && length <= 32 * 1_024));
    }
  });
});

describe('an answer', () => {
  const made = (maxBytes = 0, overflow: 'correct' | 'reference' = 'correct') =>
    new MessageBuilder({ snapshot, maxBytes, overflow });

  it('lists fewer than 32 items, and splits so many', () => {
    for (const [items, said] of [
      [0, [0]],
      [31, [31]],
      [32, Array(16).fill('fingerprint')],
    ] as const) {
      const answer = made();
      answer.split(whole(items));
      assert.deepEqual(shape(answer.encode()), said);
      assert.deepEqual([answer.asks, answer.silent, answer.full], [items > 31, false, false]);
    }
  });

  it('is silent with skips alone, which merge', () => {
    const answer = made();
    for (const hint of [3n, 4n]) answer.skip({ hint, id: null });
    assert.deepEqual([answer.silent, answer.asks, answer.full], [true, false, false]);
    answer.list(whole(1));
    assert.deepEqual(shape(answer.encode()), ['skip', 1]);
    assert.equal(answer.asks, false, 'a list asks for nothing');
  });

  it('lists as many ids as fit under its limit, and the fingerprint of the rest', () => {
    // What holds the limit less 200 bytes and one id more; the head of the list comes to that.
    const most = Math.floor((4_096 - 200 - 1) / 32) + 1;
    for (const items of [most - 1, most, most + 1, 2_000]) {
      const answer = made(4_096);
      answer.list(whole(items));
      const message = answer.encode();
      assert.ok(message.length <= 4_096, `${message.length} bytes`);
      const cut = items > most;
      assert.deepEqual(shape(message), cut ? [most, 'fingerprint'] : [items]);
      assert.equal(answer.asks, cut);
      assert.equal(answer.full, items >= most, 'nothing may stand behind it');
    }
  });

  it('takes back a split that does not fit, and puts off all from there, or as the reference does', () => {
    for (const overflow of ['correct', 'reference'] as const) {
      const answer = made(4_096, overflow);
      let end = 0;
      while (!answer.full) {
        assert.ok(end < 1_900, 'it is full in the end');
        const begin = end + 10;
        end = begin + 100;
        answer.skip(snapshot.select(begin));
        answer.split({ upper: snapshot.select(end), begin, end });
      }
      const message = answer.encode();
      assert.ok(message.length <= 4_096);
      const [before, last] = ranges(message).slice(-2) as [MessageRange, MessageRange];
      assert.equal(last.upper.hint, INFINITE_BOUND.hint);
      const from = overflow === 'correct' ? end - 100 : end;
      assert.ok(last.mode === 'fingerprint');
      assert.deepEqual(last.fingerprint, fingerprintOf(snapshot, from, snapshot.size));
      assert.equal(before.mode, overflow === 'correct' ? 'skip' : 'fingerprint');
    }
  });
});

describe('MessageWriter', () => {
  it('grows as it must, keeps what was written, and goes back to a mark', () => {
    const writer = new MessageWriter(1 << 16);
    const id = new Uint8Array(32).fill(7);
    writer.skip({ hint: 5n, id: null });
    const mark = writer.mark();
    writer.list({ hint: 900n, id }, 100, [new Uint8Array(3_200).fill(1)]);
    writer.rewind(mark);
    assert.equal(writer.length, mark.length);
    writer.list({ hint: 901n, id }, 60, [new Uint8Array(960), new Uint8Array(960).fill(2)]);
    writer.fingerprint(INFINITE_BOUND, new Uint8Array(16).fill(3));
    const read = ranges(writer.encode());
    assert.deepEqual(
      read.map(({ mode, upper }) => [mode, upper]),
      [
        ['skip', { hint: 5n, id: null }],
        ['list', { hint: 901n, id }],
        ['fingerprint', INFINITE_BOUND],
      ],
    );
    assert.deepEqual(read[1], {
      mode: 'list',
      upper: { hint: 901n, id },
      ids: concatBytes(new Uint8Array(960), new Uint8Array(960).fill(2)),
    });
  });

  it('gives a message of its own length, in a buffer not twice as long', () => {
    for (const count of [0, 10, 20, 40, 70, 200]) {
      const writer = new MessageWriter(1 << 16);
      writer.list(INFINITE_BOUND, count, [new Uint8Array(32 * count).fill(9)]);
      const message = writer.encode();
      assert.equal(message.length, writer.length);
      assert.ok(message.buffer.byteLength < 2 * message.length + 1);
      assert.deepEqual(shape(message), [count]);
    }
  });
});

const FREE = { over: () => false, visit: () => {} };

function ended<Result>(work: Generator<unknown, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

describe('Learner', () => {
  const idsOf = (...ranks: number[]) => concatBytes(...ranks.map((rank) => keys[rank]!.id));
  const alien = (n: number) => new Uint8Array(32).fill(n);

  it('tells each id of ours that the peer lacks once, whatever its rank', () => {
    const learner = new Learner(snapshot, FREE);
    ended(learner.compare(idsOf(0, 9), 0, 10));
    const told = () => ended(learner.take()).have.map(bytesToHex);
    assert.deepEqual(
      told(),
      [1, 2, 3, 4, 5, 6, 7, 8].map((rank) => bytesToHex(keys[rank]!.id)),
    );
    ended(learner.compare(idsOf(2), 0, 12));
    assert.deepEqual(
      told(),
      [0, 9, 10, 11].map((rank) => bytesToHex(keys[rank]!.id)),
    );
    ended(learner.compare(new Uint8Array(0), 0, 12));
    assert.deepEqual([told(), learner.same], [[], false]);
  });

  it('tells what we lack once, and counts it when it is taken', () => {
    const learner = new Learner(snapshot, FREE);
    for (let round = 0; round < 2; round++) {
      ended(learner.compare(concatBytes(idsOf(0), alien(1), alien(1)), 0, 1));
      ended(learner.compare(concatBytes(alien(1), alien(2)), 1, 1));
      const { have, missing } = ended(learner.take());
      assert.deepEqual(missing, round === 0 ? [alien(1), alien(2)] : []);
      assert.deepEqual([have, learner.missing, learner.same], [[], 2, false]);
    }
  });

  it('does not miss what we hold elsewhere, though the ranges differ', () => {
    const learner = new Learner(snapshot, FREE);
    ended(learner.compare(idsOf(0, 1), 0, 2));
    assert.equal(learner.same, true);
    ended(learner.compare(idsOf(500), 2, 2));
    assert.deepEqual(
      [ended(learner.take()).missing, learner.missing, learner.same],
      [[], 0, false],
    );
  });
});

describe('the work of a negentropy session', () => {
  it('takes 1,024 items a frame or more', () => {
    const open = (maxVisitedItems: number) =>
      negentropy.session({ role: 'initiator', snapshot, limits: { maxVisitedItems } });
    open(1_024);
    for (const bad of [1_023, Number.NaN])
      assert.throws(() => open(bad), { code: 'INVALID_LIMIT' });
  });

  it('compares as many items of ours as it may, and asks for the rest', () => {
    const session = negentropy.session({
      role: 'initiator',
      snapshot,
      limits: { maxVisitedItems: 1_024 },
    });
    session.start();
    const everything = new MessageWriter(1 << 16);
    everything.list(INFINITE_BOUND, 0, []);
    const { have, frames, done } = wholeAnswer(session, everything.encode());
    assert.equal(have!.length, 1_023, 'the range itself counts for one');
    assert.equal(done, false);
    const [skip, rest] = ranges(frames[0]!);
    assert.equal(skip!.mode, 'skip');
    assert.equal(snapshot.lowerBound(skip!.upper), 1_023);
    assert.equal(rest!.mode, 'fingerprint');
  });
});
