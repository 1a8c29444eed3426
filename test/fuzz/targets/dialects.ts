import assert from 'node:assert/strict';
import {
  commonware,
  type Dialect,
  nativeDialect,
  negentropy,
  ProtocolError,
  type Session,
} from '../../../src/protocol/index.ts';
import { encodeFrames, FrameBuffer } from '../../../src/protocol/network/index.ts';
import { readMessage } from '../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import type { NativeVersion } from '../../../src/protocol/reconcile/dialects/native/testing.ts';
import {
  decodeFrame,
  encodeRecord,
} from '../../../src/protocol/reconcile/dialects/native/wire/testing.ts';
import { MessageReader } from '../../../src/protocol/reconcile/dialects/negentropy/testing.ts';
import { concatBytes, type Snapshot, sum256 } from '../../../src/store/index.ts';
import { converse } from '../../conformance/dialect.ts';
import { type PairSpec, pairOf } from '../../conformance/pairs.ts';
import { snapshotOf } from '../../protocol/reconcile/dialects/commonware/vectors.ts';
import { SeededRandom } from '../../support/random.ts';
import { wideSum } from '../../support/wide-sum.ts';
import type { FuzzTarget } from '../target.ts';

const refuses = (error: unknown): boolean => error instanceof ProtocolError;
/** Answers to one frame, far above what any frame may have a session do. */
const MAX_STEPS = 2_000;
const FRAME_BYTES = 64 * 1024;

const SPEC: PairSpec = {
  ...{ seed: 1, common: 40, onlyA: 4, onlyB: 3 },
  ...{ spread: 'anywhere', hints: 'clock', moved: false },
};
const small = pairOf(SPEC);
const large = pairOf({ ...SPEC, common: 900, onlyA: 40, onlyB: 60 });

interface Sides {
  readonly dialect: () => Dialect;
  readonly scheme: typeof wideSum;
}

/** The frames of the initiator of a session over two sets that differ, or are nearly equal. */
function framesOf({ dialect, scheme }: Sides, { a, b }: typeof small): Uint8Array[] {
  const [first, second] = [snapshotOf(a, scheme), snapshotOf(b, scheme)];
  const initiator = dialect().session({ role: 'initiator', snapshot: first });
  const responder = dialect().session({ role: 'responder', snapshot: second });
  const said = converse(initiator, responder).frames.filter(({ from }) => from === 'initiator');
  return said.map(({ frame }) => frame);
}

/** A session that takes all frames of an initiator, in order. */
function hear(session: Session, heard: Uint8Array): void {
  const buffer = new FrameBuffer(FRAME_BYTES);
  buffer.push(heard);
  let step = session.start();
  for (let frame = buffer.take(); frame !== undefined; frame = buffer.take()) {
    step = session.receive(frame);
    for (let steps = 0; step.pending !== undefined; steps++) {
      assert.ok(steps < MAX_STEPS, 'a frame makes a session work without an end');
      step = session.proceed!(true);
    }
    if (step.done) return;
  }
}

function sessionTarget(name: string, sides: Sides): FuzzTarget {
  const snapshots: readonly Snapshot[] = [small, large].map(({ b }) => snapshotOf(b, sides.scheme));
  // The first byte chooses the set of the responder.
  const seeds = [small, large].map((pair, chosen) =>
    concatBytes(Uint8Array.of(chosen), encodeFrames(framesOf(sides, pair))),
  );
  return {
    name,
    seeds,
    refuses,
    read(input) {
      const snapshot = snapshots[(input[0] ?? 0) % snapshots.length]!;
      hear(sides.dialect().session({ role: 'responder', snapshot }), input.subarray(1));
    },
  };
}

const nativeSides = (version: NativeVersion): Sides => ({
  dialect: () => nativeDialect({ version, random: new SeededRandom('fuzz') }),
  scheme: wideSum,
});
const commonwareSides: Sides = { dialect: () => commonware, scheme: wideSum };
const negentropySides: Sides = { dialect: () => negentropy, scheme: sum256 };

/** Records that are read and written are the same when they are read again. */
function nativeTarget(version: NativeVersion): FuzzTarget {
  const said = [small, large].flatMap((pair) => framesOf(nativeSides(version), pair));
  const again = (frame: Uint8Array): Uint8Array =>
    concatBytes(...[...decodeFrame(frame, version)].map((one) => encodeRecord(one, version)));
  return {
    name: `native-${version}`,
    seeds: said.filter(({ length }) => length <= 2_048),
    refuses,
    read(input) {
      const once = again(input);
      assert.ok(once.length === 0 || Buffer.compare(again(once), once) === 0);
    },
  };
}

const commonwareCodec: FuzzTarget = {
  name: 'commonware',
  seeds: framesOf(commonwareSides, small),
  refuses,
  read(input) {
    for (const range of readMessage(input, { maxBytes: 8_192 })) void range.mode;
  },
};

const negentropyCodec: FuzzTarget = {
  name: 'negentropy',
  seeds: framesOf(negentropySides, small),
  refuses,
  read(input) {
    for (const reader = new MessageReader(input, { maxBytes: 8_192 }); !reader.done; ) {
      reader.range();
    }
  },
};

export const DIALECTS: readonly FuzzTarget[] = [
  ...([1, 2, 3, 4] as const).map(nativeTarget),
  commonwareCodec,
  negentropyCodec,
  ...([1, 2, 3] as const).map((version) =>
    sessionTarget(`native-${version}-session`, nativeSides(version)),
  ),
  sessionTarget('commonware-session', commonwareSides),
  sessionTarget('negentropy-session', negentropySides),
];
