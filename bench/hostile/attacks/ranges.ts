import { encodeRangeRequest } from '../../../src/protocol/fetch/range/testing.ts';
import { encodeFrames } from '../../../src/protocol/network/index.ts';
import { INFINITE_BOUND, ZERO_BOUND } from '../../../src/store/index.ts';
import { type Attack, keepTrying } from './attack.ts';
import { holdStreams } from './memory.ts';
import { over, RANGE, Stranger, withStrangers } from './stranger.ts';

const EVERYTHING: Uint8Array = encodeFrames([
  encodeRangeRequest({
    nonce: new Uint8Array(16),
    lower: ZERO_BOUND,
    upper: INFINITE_BOUND,
    maxBytes: 32 * 1024,
  }),
]);

/** Asks for all items on many streams and reads nothing of the answers. */
export const unreadRanges: Attack = (target, begin) =>
  holdStreams({ target, begin, identities: 30, each: 4, protocol: RANGE, bytes: EVERYTHING });

/** Asks for all items on streams that are reset as soon as the answer begins, or at once. */
export const resetRanges: Attack = (target, begin) => {
  const crowd = { count: 8, create: () => Stranger.create(target.address), begin };
  return withStrangers(crowd, (all, signal) =>
    keepTrying(8 * 8, signal, async (lane) => {
      const stream = await all[lane % 8]!.stream(RANGE);
      const answered = new Promise((resolve) => stream.addEventListener('message', resolve));
      stream.send(EVERYTHING);
      if (lane >= 32) await Promise.race([answered, over(stream, signal)]);
      stream.abort(new Error('over'));
    }),
  );
};
