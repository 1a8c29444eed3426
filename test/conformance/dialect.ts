import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Dialect,
  EVERYTHING,
  type Interval,
  ProtocolError,
  type Session,
  type SessionLimits,
  type Step,
} from '../../src/protocol/index.ts';
import { intersection, isEmpty } from '../../src/protocol/reconcile/testing.ts';
import {
  type Bound,
  bytesToHex,
  compareBounds,
  INFINITE_BOUND,
  type ItemKey,
  type Snapshot,
  type VerifiedItem,
} from '../../src/store/index.ts';
import { assertProperty } from '../support/property.ts';
import { keysOf, type Pair, pairOf, pairs } from './pairs.ts';

export interface DialectSuiteInit {
  dialect: Dialect;
  /** A snapshot of a set that holds `keys`, under a scheme the dialect can speak. */
  snapshot(keys: readonly ItemKey[]): Snapshot;
  /** Caps for `maxMessageBytes`; the first is the smallest the dialect takes. */
  caps: readonly number[];
  /**
   * Who learns what the other side holds: both, or the initiator alone, which then says in `have` what
   * the responder lacks.
   * @default 'both'
   */
  learns?: 'both' | 'initiator';
  /**
   * Whether an id that stands under another hint on the other side is the same item to the dialect,
   * and not only never asked for.
   * @default true
   */
  identityById?: boolean;
  /**
   * Whether sessions keep to an interval, and whether both sides learn what the other one accepts, so
   * that they know when the common part is equal.
   * @default 'not': all is reconciled always
   */
  accepts?: 'told' | 'kept' | 'not';
  /** Most frames a session may need, both sides together. */
  maxFrames(pair: Pair, cap: number): number;
}

export interface Dialogue {
  readonly frames: { readonly from: 'initiator' | 'responder'; readonly frame: Uint8Array }[];
  readonly missing: { readonly initiator: Uint8Array[]; readonly responder: Uint8Array[] };
  /** Items that came in place of ids. */
  readonly items: { readonly initiator: VerifiedItem[]; readonly responder: VerifiedItem[] };
  /** What the initiator said the responder lacks. */
  readonly have: Uint8Array[];
}

/** Steps that a session may take on its own for one frame: a mistake shall not loop for ever. */
const MAX_STEPS = 100_000;

/** Carries frames between two sessions until neither has any left. */
export function converse(initiator: Session, responder: Session, maxFrames = 50_000): Dialogue {
  const sides = <Found>() => ({ initiator: [] as Found[], responder: [] as Found[] });
  const dialogue: Dialogue = { frames: [], missing: sides(), items: sides(), have: [] };
  const sessions = { initiator, responder };
  const done = { initiator: false, responder: false };
  const mayEnd = { ...done };
  const take = (from: Session['role'], first: Step): void => {
    let steps = 0;
    for (let step = first; ; step = sessions[from].proceed!(true)) {
      assert.ok(steps++ < MAX_STEPS, 'a session comes to the end of its work');
      for (const id of step.missing) dialogue.missing[from].push(id);
      dialogue.items[from].push(...(step.items ?? []));
      if (from === 'initiator') for (const id of step.have ?? []) dialogue.have.push(id);
      for (const frame of step.frames) dialogue.frames.push({ from, frame });
      done[from] = step.done;
      mayEnd[from] = step.done || step.mayEnd === true;
      if (step.pending === undefined) return;
    }
  };
  take('responder', responder.start());
  take('initiator', initiator.start());
  for (let next = 0; next < dialogue.frames.length; next++) {
    assert.ok(next < maxFrames, `the session ends within ${maxFrames} frames`);
    const { from, frame } = dialogue.frames[next]!;
    const to = from === 'initiator' ? 'responder' : 'initiator';
    if (!done[to]) take(to, sessions[to].receive(frame));
    else assert.fail('a frame was sent to a side that expects none');
  }
  assert.deepEqual(mayEnd, { initiator: true, responder: true });
  return dialogue;
}

/** Node's own, for sets of hundreds of thousands. */
function hexOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');
}

/** Sorted hex of ids, so that sets can be compared. */
export function sorted(ids: Iterable<Uint8Array>): string[] {
  return Array.from(ids, hexOf).sort();
}

/** The ids of `theirs` that `ours` lacks. */
export function lacking(ours: readonly ItemKey[], theirs: readonly ItemKey[]): string[] {
  const held = new Set(ours.map((key) => hexOf(key.id)));
  return sorted(theirs.map((key) => key.id)).filter((id) => !held.has(id));
}

/** What every dialect must do, whatever its bytes. */
export function testDialect(init: DialectSuiteInit): void {
  describe(`dialect ${init.dialect.name}`, () => {
    testDifferences(init);
    if (init.accepts !== undefined && init.accepts !== 'not') testIntervals(init);
    testHostility(init);
  });
}

function testDifferences(init: DialectSuiteInit): void {
  it('tells both sides exactly what they lack, and ends', () => {
    const cases = fc.tuple(pairs, fc.constantFrom(...init.caps), fc.constantFrom(...init.caps));
    assertProperty(
      fc.property(cases, ([spec, capA, capB]) => {
        const pair = pairOf(spec);
        const a = open(init, 'initiator', pair.a, { maxMessageBytes: capA });
        const b = open(init, 'responder', pair.b, { maxMessageBytes: capB });
        const dialogue = converse(a, b, init.maxFrames(pair, Math.min(capA, capB)));
        assert.deepEqual(sorted(dialogue.missing.initiator), lacking(pair.a, pair.b));
        assert.deepEqual(told(init, pair, dialogue), lacking(pair.b, pair.a));
        for (const { from, frame } of dialogue.frames) {
          const cap = from === 'initiator' ? capA : capB;
          assert.ok(cap === 0 || frame.length <= cap, 'no frame above its cap');
        }
      }),
      { numRuns: 150 },
    );
  });

  it('finds equal sets equal, on both sides, and no others', () => {
    assertProperty(
      fc.property(pairs, fc.boolean(), (spec, same) => {
        const pair = pairOf(spec);
        const a = open(init, 'initiator', pair.a);
        const b = open(init, 'responder', same ? pair.a : pair.b);
        converse(a, b);
        const apart = [...lacking(pair.a, pair.b), ...lacking(pair.b, pair.a)].length > 0;
        if (!apart && spec.moved && init.identityById === false) return;
        const equal = same || !apart;
        assert.deepEqual([a.equal, b.equal], [equal, equal]);
      }),
      { numRuns: 50 },
    );
  });

  it('ends with BUDGET_SPENT when a session may take no more', () => {
    const a = open(init, 'initiator', keysOf(1, 500), {
      maxMessageBytes: init.caps[0]!,
      maxRounds: 3,
    });
    const b = open(init, 'responder', keysOf(2, 500), { maxMessageBytes: init.caps[0]! });
    assert.throws(() => converse(a, b), { name: 'ProtocolError', code: 'BUDGET_SPENT' });
  });

  it('takes nothing once it has ended or failed', () => {
    const a = open(init, 'initiator', keysOf(1, 5));
    const b = open(init, 'responder', keysOf(1, 5));
    const { frames } = converse(a, b);
    for (const session of [a, b]) {
      assert.throws(() => session.receive(frames[0]!.frame), { code: 'UNEXPECTED_FRAME' });
    }
    const broken = open(init, 'responder', keysOf(1, 5));
    broken.start();
    assert.throws(() => broken.receive(new Uint8Array(0)), ProtocolError);
    assert.throws(() => broken.receive(frames[0]!.frame), { code: 'UNEXPECTED_FRAME' });
  });
}

/**
 * What the responder was found to lack, sorted: by itself, or by the initiator, which may name ids too
 * that the responder holds under another hint.
 */
function told(
  { learns, identityById }: DialectSuiteInit,
  { b }: Pair,
  dialogue: Dialogue,
): string[] {
  const { missing, have } = dialogue;
  if (learns !== 'initiator') return sorted(missing.responder);
  assert.deepEqual(missing.responder, []);
  const held = new Set(b.map(({ id }) => bytesToHex(id)));
  return sorted(have).filter((id) => identityById !== false || !held.has(id));
}

function testIntervals(init: DialectSuiteInit): void {
  const bounds = fc.record({ floor: fc.nat({ max: 99 }), ceiling: fc.nat({ max: 199 }) });

  it('tells both sides what they lack of what both accept, and nothing else', () => {
    const cases = fc.tuple(pairs, bounds, bounds);
    assertProperty(
      fc.property(cases, ([spec, boundsA, boundsB]) => {
        const pair = pairOf(spec);
        const [a, b] = [acceptedOf(pair, boundsA), acceptedOf(pair, boundsB)];
        const both = intersection(a, b);
        const initiator = open(init, 'initiator', pair.a, {}, a);
        const responder = open(init, 'responder', pair.b, {}, b);
        const { missing } = converse(initiator, responder, init.maxFrames(pair, init.caps[0]!));
        assert.deepEqual(sorted(missing.initiator), lacking(pair.a, within(pair.b, both)));
        assert.deepEqual(sorted(missing.responder), lacking(pair.b, within(pair.a, both)));
        if (spec.moved || !differ(within(pair.a, both), within(pair.b, both))) return;
        assert.deepEqual([initiator.equal, responder.equal], [false, false]);
      }),
      { numRuns: 150 },
    );
  });

  it('finds what both accept equal, though one of them holds more', () => {
    assertProperty(
      fc.property(pairs, bounds, bounds, (spec, boundsA, boundsB) => {
        const { a: keys } = pairOf({ ...spec, moved: false });
        const [a, b] = [boundsA, boundsB].map((some) => acceptedOf({ a: keys, b: keys }, some));
        const both = intersection(a!, b!);
        const inside = within(keys, both);
        const initiator = open(init, 'initiator', keys, {}, a);
        const responder = open(init, 'responder', inside, {}, b);
        converse(initiator, responder);
        const equal = !isEmpty(both);
        assert.equal(responder.equal, equal);
        // Who is not told of it takes nothing in common for nothing that differs.
        if (equal || init.accepts === 'told') assert.equal(initiator.equal, equal);
      }),
      { numRuns: 100 },
    );
  });
}

/** From a floor to a ceiling among the hints of both sets, in hundredths; a ceiling past all is none. */
function acceptedOf(
  { a, b }: Pair,
  { floor, ceiling }: { floor: number; ceiling: number },
): Interval {
  const hints = [...a, ...b].map(({ hint }) => hint).sort((x, y) => (x < y ? -1 : 1));
  const at = (part: number): Bound => {
    const hint = hints[Math.floor((part * hints.length) / 100)];
    return hint === undefined ? INFINITE_BOUND : { hint, id: null };
  };
  const [lower, upper] = [at(Math.min(floor, ceiling)), at(Math.max(floor, ceiling))];
  return compareBounds(lower, upper) < 0 ? { lower, upper } : EVERYTHING;
}

function within(keys: readonly ItemKey[], { lower, upper }: Interval): ItemKey[] {
  return keys.filter((key) => compareBounds(key, lower) >= 0 && compareBounds(key, upper) < 0);
}

function differ(a: readonly ItemKey[], b: readonly ItemKey[]): boolean {
  return [...lacking(a, b), ...lacking(b, a)].length > 0;
}

function testHostility(init: DialectSuiteInit): void {
  it('answers a mutated, cut or made-up frame with a step or an error with a code', () => {
    const keys = keysOf(7, 300);
    const real = converse(
      open(init, 'initiator', keysOf(8, 400)),
      open(init, 'responder', keys),
    ).frames.filter(({ from }) => from === 'initiator');
    const mutation = fc.record({
      frame: fc.nat({ max: real.length - 1 }),
      cut: fc.option(fc.nat(), { freq: 4 }),
      edits: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    });
    const made = mutation.map(({ frame, cut, edits }) => {
      const bytes = real[frame]!.frame.slice();
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      return cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
    });
    const frames = fc.oneof(made, fc.uint8Array({ maxLength: 200 }));
    assertProperty(
      fc.property(fc.array(frames, { minLength: 1, maxLength: 4 }), (sequence) => {
        const session = open(init, 'responder', keys);
        session.start();
        survives(session, sequence);
      }),
      { numRuns: 2_000 },
    );
  });

  it('rejects a frame above its limit with FRAME_TOO_LARGE', () => {
    for (const role of ['initiator', 'responder'] as const) {
      const receive = (bytes: number) => {
        const session = open(init, role, [], { maxInboundBytes: 2_000 });
        session.start();
        session.receive(new Uint8Array(bytes));
      };
      assert.throws(() => receive(2_001), { code: 'FRAME_TOO_LARGE' });
      assert.throws(() => receive(2_000), { code: 'MALFORMED_FRAME' }, 'one at the limit is read');
    }
  });
}

/** Feeds frames until the session ends by itself or by an error with a code. */
export function survives(session: Session, frames: Iterable<Uint8Array>): void {
  for (const frame of frames) {
    try {
      let step = session.receive(frame);
      for (let steps = 0; step.pending !== undefined; steps++) {
        assert.ok(steps < MAX_STEPS, 'a session comes to the end of its work');
        step = session.proceed!(true);
      }
      if (step.done) return;
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
      assert.ok(error.message.length > 20);
      return;
    }
  }
}

function open(
  init: DialectSuiteInit,
  role: Session['role'],
  keys: readonly ItemKey[],
  limits: Partial<SessionLimits> = {},
  accepts?: Interval,
): Session {
  const accepted = accepts === undefined ? {} : { interval: accepts, whole: true };
  return init.dialect.session({ role, snapshot: init.snapshot(keys), limits, ...accepted });
}
