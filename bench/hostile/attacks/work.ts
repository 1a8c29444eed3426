import { randomBytes } from 'node:crypto';
import { nativeDialect } from '../../../src/protocol/index.ts';
import { encodeFrames } from '../../../src/protocol/network/index.ts';
import { encodeMessage } from '../../../src/protocol/reconcile/dialects/commonware/testing.ts';
import { INFINITE_BOUND, lthash, SortedVector } from '../../../src/store/index.ts';
import { type Attack, keepTrying, restFor, type Target } from './attack.ts';
import { COMMONWARE, NATIVE, over, Stranger, withStrangers } from './stranger.ts';

const RANGES = 160_000;
const STEP = 1_000n;
/** More than the victim waits before the first session with a peer. */
const SESSION_MS = 1_000;

/** One frame of 6.6 MB whose every range has a wrong fingerprint. */
export const wrongFingerprints: Attack = (target, begin) =>
  sendFrames(target, begin, COMMONWARE, wrongFrame);

/** The same frame as the answer to each session that the victim begins; new connections make it begin. */
export const wrongAnswers: Attack = (target, begin) => {
  const answer = encodeFrames([wrongFrame()]);
  const create = () => Stranger.create(target.address, { answer });
  return withStrangers({ count: 8, create, begin }, (all, signal) =>
    keepTrying(8, signal, async (lane) => {
      const { libp2p } = all[lane]!;
      await all[lane]!.connect();
      await restFor(SESSION_MS, signal);
      await Promise.all(libp2p.getConnections().map((connection) => connection.close()));
    }),
  );
};

function wrongFrame(): Uint8Array {
  const fingerprint = new Uint8Array(32).fill(7);
  return encodeMessage([
    ...bounds().map((upper) => ({ mode: 'fingerprint', upper, fingerprint }) as const),
    { mode: 'fingerprint', upper: INFINITE_BOUND, fingerprint },
  ]);
}

/** Empty lists of seven bytes, each of which says that the victim's items are missing there. */
export const emptyLists: Attack = (target, begin) => {
  const ids = new Uint8Array(0);
  return sendFrames(target, begin, COMMONWARE, () =>
    encodeMessage([
      ...bounds().map((upper) => ({ mode: 'list', upper, ids }) as const),
      { mode: 'list', upper: INFINITE_BOUND, ids },
    ]),
  );
};

/** The opening of a native session, again and again, each in a session of its own. */
export const probes: Attack = async (target, begin) => {
  const random = {
    bytes: (length: number) => new Uint8Array(randomBytes(length)),
    fraction: Math.random,
  };
  const native = nativeDialect({ random });
  const snapshot = new SortedVector({ scheme: lthash }).snapshot();
  await sendFrames(target, begin, NATIVE, () => {
    const session = native.session({ role: 'initiator', snapshot, mode: 'survey' });
    return session.start().frames[0]!;
  });
  snapshot.release();
};

function bounds(): { hint: bigint; id: null }[] {
  const start = 1_700_000_000_000n;
  return Array.from({ length: RANGES }, (_, i) => ({ hint: start + BigInt(i) * STEP, id: null }));
}

function sendFrames(
  target: Target,
  begin: () => AbortSignal,
  protocol: string,
  make: () => Uint8Array,
): Promise<void> {
  return withStrangers(
    { count: 4, create: () => Stranger.create(target.address), begin },
    (all, signal) =>
      keepTrying(4, signal, async (lane) => {
        const stream = await all[lane]!.stream(protocol);
        const answered = new Promise((resolve) => stream.addEventListener('message', resolve));
        stream.send(encodeFrames([make()]));
        await Promise.race([answered, over(stream, signal)]);
        stream.abort(new Error('over'));
      }),
  );
}
