import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SessionLimits, Step } from '../../../../../src/protocol/index.ts';
import {
  type Slices,
  TurnSession,
} from '../../../../../src/protocol/reconcile/dialects/shared/index.ts';
import type { Snapshot } from '../../../../../src/store/index.ts';

const STEP: Step = { frames: [], missing: [], done: false };

/** An answer that takes one slice. */
function* whole(step = STEP): Slices {
  yield* [];
  return step;
}

const FRAME = Uint8Array.of(1);

/** A session whose answers the test gives. */
class Turns extends TurnSession {
  protected override learnt = 0;
  #answer: () => Slices = whole;

  constructor(limits: SessionLimits) {
    super({ role: 'initiator', snapshot: {} as Snapshot, limits });
  }

  /** Answers one frame; `missing`: ids learnt before. */
  take(missing: number, answer: () => Slices): Step {
    this.learnt = missing;
    this.#answer = answer;
    return this.receive(FRAME);
  }

  override get first(): boolean {
    return super.first;
  }

  override get left(): number {
    return super.left;
  }

  override visit(items: number): void {
    super.visit(items);
  }

  override exhausted(): boolean {
    return super.exhausted();
  }

  protected override open(): Step {
    return STEP;
  }

  protected override answer(): Slices {
    return this.#answer();
  }
}

function started(limits: Partial<SessionLimits> = {}): Turns {
  const turns = new Turns({
    maxMessageBytes: 1,
    maxInboundBytes: 1,
    maxRounds: 9,
    maxVisitedItems: 3,
    maxMissing: 9,
    ...limits,
  });
  turns.start();
  return turns;
}

describe('TurnSession', () => {
  it('accepts frames after one start, until the last', () => {
    const turns = started();
    assert.throws(() => turns.start(), { code: 'UNEXPECTED_FRAME', message: /started once/ });
    const firsts: boolean[] = [];
    for (const done of [false, false, true]) {
      turns.take(0, () => {
        firsts.push(turns.first);
        return whole({ ...STEP, done });
      });
    }
    assert.deepEqual(firsts, [true, false, false]);
    assert.throws(() => turns.take(0, whole), { message: /has ended/ });
    assert.throws(() => turns.start(), { code: 'UNEXPECTED_FRAME' });
    const fresh = new Turns({ ...({} as SessionLimits), maxRounds: 9 });
    assert.throws(() => fresh.take(0, whole), { message: /was not started/ });
  });

  it('has ended once an answer throws', () => {
    const turns = started();
    const wrong = () => {
      throw new RangeError('wrong');
    };
    assert.throws(() => turns.take(0, wrong), RangeError);
    assert.throws(() => turns.take(0, whole), { code: 'UNEXPECTED_FRAME' });
  });

  it('answers frames up to its limit', () => {
    const turns = started({ maxRounds: 2 });
    for (let round = 0; round < 2; round++) turns.take(0, whole);
    assert.throws(() => turns.take(0, whole), { code: 'BUDGET_SPENT', message: /2 messages/ });
  });

  it('continues below the limit of missing ids, and ends at it', () => {
    const turns = started({ maxMissing: 2 });
    turns.take(1, whole);
    assert.throws(() => turns.take(2, whole), {
      code: 'BUDGET_SPENT',
      message: /2 missing ids/,
    });
  });

  it('counts visited items for each frame afresh', () => {
    const turns = started({ maxVisitedItems: 3 });
    for (let frame = 0; frame < 2; frame++) {
      turns.take(0, () => {
        assert.equal(turns.left, 3);
        turns.visit(1);
        assert.equal(turns.left, 2);
        const spent = Array.from({ length: 4 }, () => turns.exhausted());
        assert.deepEqual(spent, [false, false, true, true], 'each range counts for one');
        assert.equal(turns.left, -2);
        return whole();
      });
    }
  });
});
