import { randomInt } from 'node:crypto';
import type { Libp2p } from '@libp2p/interface';
import { encodeRangeRequest } from '../../../src/protocol/fetch/range/testing.ts';
import { encodeFrames } from '../../../src/protocol/network/index.ts';
import { encodeMessage } from '../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import { encodeRecord } from '../../../src/protocol/reconcile/dialects/native/wire/testing.ts';
import { INFINITE_BOUND } from '../../../src/store/index.ts';
import { type Attack, keepTrying, restFor } from './attack.ts';
import { opening } from './services.ts';
import { COMMONWARE, FETCH, NATIVE, over, RANGE, Stranger, withStrangers } from './stranger.ts';

const LANES = 64;
const IDENTITIES = 8;
const HUGE = 2 ** 40;
/** More than the victim waits before the first session with a peer. */
const SESSION_MS = 1_000;
const NOTHING = new Uint8Array(0);

/** The protocol of a stream, and the bytes on it. */
type Saying = readonly [protocol: string, bytes: Uint8Array];

/** Each lane says the sayings in turn, each on a stream of its own, and waits for the end of the stream. */
function sayAll(sayings: () => readonly Saying[], halfCloses = false): Attack {
  return (target, begin) => {
    const crowd = { count: IDENTITIES, create: () => Stranger.create(target.address), begin };
    return withStrangers(crowd, (all, signal) =>
      keepTrying(LANES, signal, async (lane) => {
        for (const [protocol, bytes] of sayings()) {
          const stream = await all[lane % IDENTITIES]!.stream(protocol);
          if (bytes.length > 0) stream.send(bytes);
          if (halfCloses) await stream.close();
          else await Promise.race([over(stream, signal), restFor(SESSION_MS, signal)]);
          if (halfCloses) await over(stream, signal);
          stream.abort(new Error('over'));
        }
      }),
    );
  };
}

const bound = (hint: bigint) => ({ hint, id: null });

function backward(): Uint8Array {
  const fingerprint = new Uint8Array(32).fill(7);
  const uppers = [900n, 100n, 100n, 500n].map(bound);
  return encodeMessage(
    [...uppers, INFINITE_BOUND].map((upper) => ({ mode: 'fingerprint', upper, fingerprint })),
  );
}

/** Ranges that overlap, go back, or end before they begin. */
export const backwardBounds: Attack = sayAll(() => {
  const query = { nonce: new Uint8Array(16), maxBytes: 32 * 1024 };
  const range = { ...query, lower: bound(900n), upper: bound(100n) };
  return [
    [COMMONWARE, encodeFrames([backward()])],
    [RANGE, encodeFrames([encodeRangeRequest(range)])],
  ];
});

/** Counts and lengths far above what follows. */
export const lyingCounts: Attack = sayAll(() => {
  const many = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
  const sums = new Uint8Array(32);
  const sketch = encodeRecord({ tag: 'sketch', count: HUGE, sums, symbols: new Uint8Array(8) });
  const more = encodeRecord({ tag: 'more', group: 0, symbols: HUGE });
  const same = encodeRecord({ tag: 'same', ranges: HUGE });
  return [
    [COMMONWARE, encodeFrames([many])],
    ...[sketch, more, same].map((said) => [NATIVE, encodeFrames([opening(), said])] as const),
    ...[COMMONWARE, NATIVE, FETCH, RANGE].map((protocol) => [protocol, many] as const),
  ];
});

/** Native sessions over intervals that have next to nothing in common with any other. */
export const lyingFloors: Attack = sayAll(() => {
  const lower = bound(1_700_000_000_000n + BigInt(randomInt(2 ** 40)));
  const intervals = [
    { lower, upper: bound(lower.hint + 1n) },
    { lower: bound(2n ** 64n - 2n), upper: INFINITE_BOUND },
    { lower, upper: INFINITE_BOUND },
  ];
  return intervals.map((interval) => [NATIVE, encodeFrames([opening(interval)])] as const);
});

/** Streams whose sender closes its side at once, or after its first frame, and never the other. */
export const halfClosed: Attack = sayAll(
  () => [
    ...[NATIVE, COMMONWARE, FETCH, RANGE].map((protocol) => [protocol, NOTHING] as const),
    [NATIVE, encodeFrames([opening()])],
  ],
  true,
);

const ECHOED = [NATIVE, COMMONWARE, FETCH];

function isEchoing(libp2p: Libp2p): boolean {
  const streams = libp2p.getConnections().flatMap((connection) => connection.streams);
  return streams.some(({ protocol }) => ECHOED.includes(protocol));
}

/** Sends back what the victim says in each session that it begins; new connections make it begin. */
export const echoes: Attack = (target, begin) => {
  const create = () => Stranger.create(target.address, { echoes: ECHOED });
  return withStrangers({ count: IDENTITIES, create, begin }, (all, signal) =>
    keepTrying(IDENTITIES, signal, async (lane) => {
      const { libp2p } = all[lane]!;
      await all[lane]!.connect();
      do await restFor(SESSION_MS, signal);
      while (!signal.aborted && isEchoing(libp2p));
      await Promise.all(libp2p.getConnections().map((connection) => connection.close()));
    }),
  );
};
