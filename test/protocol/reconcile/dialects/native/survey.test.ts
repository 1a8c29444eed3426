import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nativeDialect, type Session } from '../../../../../src/protocol/index.ts';
import { type ItemKey, ZERO_BOUND } from '../../../../../src/store/index.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { type OpenInit, open } from './support.ts';

const random = new SeededRandom('survey');
const keys = (count: number, hint = (i: number) => BigInt(i)): ItemKey[] =>
  Array.from({ length: count }, (_, i) => ({ hint: hint(i), id: random.bytes(32) }));

interface Outcome {
  initiator: Session;
  responder: Session;
  missing: number;
  bytes: number;
  frames: number;
}

/** Carries a session by hand. */
function carry(mine: OpenInit, theirs: OpenInit): Outcome {
  const sides = [open('initiator', mine), open('responder', theirs)] as const;
  const outcome = { initiator: sides[0], responder: sides[1], missing: 0, bytes: 0, frames: 0 };
  const pipes: Uint8Array[][] = [[], []];
  const steps = sides.map((session) => session.start());
  const take = (side: 0 | 1): void => {
    outcome.missing += steps[side]!.missing.length;
    for (const frame of steps[side]!.frames) {
      pipes[1 - side]!.push(frame);
      outcome.bytes += frame.length;
      outcome.frames++;
    }
  };
  take(0);
  for (let idle = 0; idle < 2; ) {
    for (const side of [0, 1] as const) {
      const step = steps[side]!;
      const frame = step.pending === undefined ? pipes[side]!.shift() : undefined;
      if (step.done || (step.pending === undefined && frame === undefined)) {
        idle++;
        continue;
      }
      idle = 0;
      steps[side] = frame === undefined ? sides[side].proceed!(true) : sides[side].receive(frame);
      take(side);
    }
  }
  return outcome;
}

describe('a session that settles nothing', () => {
  it("learns the peer's root and where the sets differ, and not one id", () => {
    const shared = keys(20_000);
    const survey = carry({ keys: shared.slice(0, 12_000), mode: 'survey' }, { keys: shared });
    const { initiator, missing, bytes } = survey;
    assert.equal(missing, 0);
    assert.ok(bytes < 1_000, `${bytes} bytes`);
    assert.equal(initiator.outlines?.theirs.count, 20_000);
    const parts = initiator.survey!;
    assert.equal(parts.length, 16);
    assert.ok(parts.every(({ theirs }) => theirs === 1_250));
    assert.deepEqual(
      parts.map(({ differs }) => differs),
      parts.map((_, at) => at >= 9),
    );
    assert.equal(
      parts.reduce((sum, { ours }) => sum + ours, 0),
      12_000,
    );
    assert.deepEqual(initiator.finding?.continueFrom, parts[9]!.lower);
    assert.equal(initiator.finding?.proved, false);
  });

  it('asks an empty node of nothing, and a full one for its shape', () => {
    const full = keys(5_000, () => 7n);
    const survey = carry({ keys: [], mode: 'survey' }, { keys: full });
    assert.equal(survey.missing, 0);
    assert.equal(survey.initiator.survey!.length, 16);
    const back = carry({ keys: full, mode: 'survey' }, { keys: [] });
    assert.equal(back.missing, 0);
    assert.deepEqual(back.initiator.finding?.continueFrom, ZERO_BOUND);
  });

  it('proves sets that are equal, in three frames', () => {
    const same = keys(3_000);
    const { initiator, responder, frames } = carry({ keys: same, mode: 'survey' }, { keys: same });
    assert.ok(initiator.equal && responder.equal);
    assert.equal(frames, 3);
  });

  it('lets a responder decline: the initiator is told to go on from where it began', () => {
    const full = keys(5_000);
    const { initiator, missing, bytes } = carry({ keys: full }, { keys: [], mode: 'survey' });
    assert.equal(missing, 0);
    assert.ok(bytes < 300);
    assert.deepEqual(initiator.finding?.continueFrom, ZERO_BOUND);
    assert.equal(initiator.differs, true);
  });

  it('settles a part of the key space alone, and proves what is equal there in three frames', () => {
    const shared = keys(4_000);
    const interval = { lower: { hint: 1_000n, id: null }, upper: { hint: 2_000n, id: null } };
    const some = shared.slice(0, 1_500);
    const part = carry({ keys: some, interval }, { keys: shared });
    assert.equal(part.missing, 500);
    assert.ok(part.initiator.finding?.proved);
    const rest = carry({ keys: shared.slice(1_000, 2_000), interval }, { keys: shared });
    assert.equal(rest.frames, 3);
    assert.equal(rest.responder.differs, false);
  });

  it('shows what the first frame says of its sender', () => {
    const dialect = nativeDialect({ random });
    const session = open('initiator', { keys: keys(10), mode: 'survey' });
    const [frame] = session.start().frames;
    assert.equal(dialect.outline!(frame!)?.count, 10);
    assert.throws(() => dialect.outline!(new Uint8Array(3)), { code: 'MALFORMED_FRAME' });
  });
});
