import assert from 'node:assert/strict';
import {
  LINKS,
  type Session,
  type SessionLink,
  type Step,
} from '../../../../../src/protocol/index.ts';
import {
  DEFAULT_NATIVE_LIMITS,
  type NativeLimits,
} from '../../../../../src/protocol/reconcile/dialects/native/index.ts';
import type {
  Context,
  NativeVersion,
  NativeWork,
} from '../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import {
  DIALECT_VERSION,
  DifferenceLedger,
  InboundItems,
  Meter,
  OutboundItems,
  sessionKey,
} from '../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type {
  NativeRecord,
  PeerLimits,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import {
  decodeFrame,
  encodeRecord,
  RecordOutbox,
} from '../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import {
  coding,
  concatBytes,
  type ItemKey,
  type Snapshot,
} from '../../../../../src/store/index.ts';
import { SeededRandom } from '../../../../support/random.ts';
import { type OpenInit, open, openingOf, snapshotOf } from './support.ts';

/** What `assert.throws` looks for in a frame that breaks the rules. */
export function malformed(message: RegExp): { code: string; message: RegExp } {
  return { code: 'MALFORMED_FRAME', message };
}

export function frameOf(...records: readonly NativeRecord[]): Uint8Array {
  return concatBytes(...records.map((record) => encodeRecord(record).slice()));
}

/** Turns that no session of a test comes near to. */
const MANY_TURNS = 3_000;

/** Says records to a session and lets it do all it can; returns what it answers. */
export function say(session: Session, ...records: readonly NativeRecord[]): NativeRecord[] {
  return carryOn(session, session.receive(frameOf(...records)));
}

/** Lets a session do all it can; returns what it says. */
export function carryOn(session: Session, first: Step): NativeRecord[] {
  const said: NativeRecord[] = [];
  for (let [step, turns] = [first, 0]; turns < MANY_TURNS; turns++) {
    for (const frame of step.frames) said.push(...decodeFrame(frame));
    if (step.pending === undefined) return said;
    step = session.proceed!(true);
  }
  throw new Error('the session works for ever, and comes to nothing');
}

/** Lets a session work, without room for frames, until it has nothing more to do. */
export function workOn(session: Session, first: Step): Step {
  let step = first;
  for (let turns = 0; step.pending === 'work'; turns++) {
    if (turns === MANY_TURNS) throw new Error('the session works for ever, and comes to nothing');
    step = session.proceed!(false);
  }
  return step;
}

/** Whether bytes, or words, are the same; what differs is not shown, as that takes minutes for many. */
export function assertSame(
  actual: Uint8Array | Uint32Array | undefined,
  expected: Uint8Array | Uint32Array,
  message: string,
): void {
  const [a, b] = [actual ?? new Uint8Array(0), expected].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  assert.ok(a!.equals(b!), message);
}

/** A session that was started, and opened to by a peer that is played by hand. */
export function opened(
  role: Session['role'],
  init: OpenInit,
  theirs: Parameters<typeof openingOf>[1] = {},
): { session: Session; said: NativeRecord[] } {
  const session = open(role, init);
  session.start();
  const said = say(session, openingOf(new SeededRandom('puppet'), theirs));
  return { session, said };
}

export interface ContextInit {
  keys?: readonly ItemKey[];
  snapshot?: Snapshot;
  limits?: Partial<NativeLimits>;
  peer?: Partial<PeerLimits>;
  /** @default thin: the fewest bytes */
  link?: SessionLink;
  refuses?: (id: Uint8Array) => boolean;
  holds?: (id: Uint8Array) => boolean;
  tell?: number;
  version?: NativeVersion;
}

/** What the parts of a session share, real but for the peer. */
export function contextOf(init: ContextInit = {}): Context {
  const limits = { ...DEFAULT_NATIVE_LIMITS, ...init.limits };
  const snapshot = init.snapshot ?? snapshotOf(init.keys ?? []);
  const meter = new Meter(limits.sliceItems);
  const { refuses = () => false, holds = () => false, tell = 0, version = DIALECT_VERSION } = init;
  return {
    snapshot,
    coding,
    key: sessionKey(Uint8Array.of(1), Uint8Array.of(2)),
    limits,
    link: init.link ?? LINKS.lean,
    peer: { ...DEFAULT_NATIVE_LIMITS, ...init.peer },
    meter,
    outbox: new RecordOutbox(limits.maxMessageBytes, version),
    ledger: new DifferenceLedger({ snapshot, meter, refuses, holds, tell }),
    version,
    outbound: new OutboundItems(null, { shortItem: () => undefined, meter }),
    inbound: new InboundItems(null, meter),
  };
}

/** Everything that waits in the outbox. */
export function sent({ outbox, version }: Context): NativeRecord[] {
  const records: NativeRecord[] = [];
  for (let frame = outbox.take(true); frame !== undefined; frame = outbox.take(true)) {
    records.push(...decodeFrame(frame, version));
  }
  return records;
}

/** Does work to its end, or until only the peer can bring it on; counts the turns it took. */
export function perform<Result>(
  context: Context,
  work: NativeWork<Result>,
): { said: NativeRecord[]; waits: boolean; slices: number; result: Result | undefined } {
  const said: NativeRecord[] = [];
  let slices = 0;
  for (let turns = 0; turns < MANY_TURNS; turns++) {
    const { done, value } = work.next();
    if (value === 'slice') {
      slices++;
      context.meter.refill();
    }
    const waits = value === 'wait';
    if (done === true || waits) {
      said.push(...sent(context));
      return { said, waits, slices, result: done === true ? (value as Result) : undefined };
    }
    said.push(...sent(context));
    if (value === 'output' && context.outbox.full) break;
  }
  throw new Error('the work goes on for ever, and comes to nothing');
}

export function tagsOf(records: readonly NativeRecord[]): NativeRecord['tag'][] {
  return records.map(({ tag }) => tag);
}
