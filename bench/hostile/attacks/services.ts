import { randomBytes } from 'node:crypto';
import { encodeClaim } from '../../../src/daemon/mesh/twins/testing.ts';
import { type Interval, nativeDialect, protocolId } from '../../../src/protocol/index.ts';
import { encodeFrames } from '../../../src/protocol/network/index.ts';
import { encodeRecord } from '../../../src/protocol/reconcile/dialects/native/wire/testing.ts';
import { lthash, SortedVector } from '../../../src/store/index.ts';
import { type Attack, keepTrying, restFor } from './attack.ts';
import { NATIVE, NETWORK_NAME, over, Stranger, withStrangers } from './stranger.ts';

const CLOCK = protocolId(NETWORK_NAME, 'clock', 1);
const TWIN = protocolId(NETWORK_NAME, 'twin', 1);
const IDENTITIES = 8;
const LANES = 64;
const SYMBOL_BYTES = 8;
const DRIP_MS = 20;

const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

/** Says something on a new stream, waits for an answer, and says `then` where it is given. */
function ask(protocol: string, say: () => Uint8Array, then?: () => Uint8Array): Attack {
  return (target, begin) => {
    const crowd = { count: IDENTITIES, create: () => Stranger.create(target.address), begin };
    return withStrangers(crowd, (all, signal) =>
      keepTrying(LANES, signal, async (lane) => {
        const stream = await all[lane % IDENTITIES]!.stream(protocol);
        const answered = new Promise((resolve) => stream.addEventListener('message', resolve));
        stream.send(say());
        await Promise.race([answered, over(stream, signal)]);
        if (then !== undefined) stream.send(then());
        stream.abort(new Error('over'));
      }),
    );
  };
}

/** Questions for the time, far more than a clock answers. */
export const clockQuestions: Attack = ask(CLOCK, () => encodeFrames([bytes(8)]));

/** Claims to be another run of the victim, and proofs of it that are wrong: each would cost a check. */
export const twinClaims: Attack = ask(
  TWIN,
  () => encodeFrames([encodeClaim({ ageMs: 9_000_000, run: bytes(8), nonce: bytes(32) })]),
  () => encodeFrames([bytes(64)]),
);

/** The opening of a native session with an empty set that accepts `interval`. */
export function opening(interval?: Interval): Uint8Array {
  const native = nativeDialect({
    random: { bytes: (length) => bytes(length), fraction: Math.random },
  });
  const snapshot = new SortedVector({ scheme: lthash }).snapshot();
  const [frame] = native
    .session({ role: 'initiator', snapshot, ...(interval && { interval }) })
    .start().frames;
  snapshot.release();
  return frame!;
}

/** Native sessions whose sketches hold symbols by chance, so that nothing can be decoded. */
export const garbageSymbols: Attack = ask(NATIVE, () => {
  const symbols = bytes(1_000 * SYMBOL_BYTES);
  const sketch = encodeRecord({ tag: 'sketch', count: 20_000, sums: bytes(32), symbols });
  return encodeFrames([opening(), sketch]);
});

/** One opening of a native session, recorded once and sent again in each session. */
export const replayedOpenings: Attack = (target, begin) => {
  const recorded = encodeFrames([opening()]);
  return ask(NATIVE, () => recorded)(target, begin);
};

/** An opening of a native session that comes a byte at a time. */
export const slowDrip: Attack = (target, begin) => {
  const said = encodeFrames([opening()]);
  const crowd = { count: IDENTITIES, create: () => Stranger.create(target.address), begin };
  return withStrangers(crowd, (all, signal) =>
    keepTrying(LANES, signal, async (lane) => {
      const stream = await all[lane % IDENTITIES]!.stream(NATIVE);
      for (let at = 0; at < said.length && stream.status === 'open' && !signal.aborted; at++) {
        stream.send(said.subarray(at, at + 1));
        await restFor(DRIP_MS, signal);
      }
      stream.abort(new Error('over'));
    }),
  );
};
