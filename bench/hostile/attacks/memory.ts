import { encodeRequest } from '../../../src/protocol/fetch/testing.ts';
import { encodeFrames } from '../../../src/protocol/network/index.ts';
import { hexToBytes } from '../../../src/store/index.ts';
import { type Attack, keepTrying, type Target } from './attack.ts';
import { COMMONWARE, FETCH, over, Stranger, withStrangers } from './stranger.ts';

const MIB = 1024 * 1024;

/** Asks for a long item on many streams and reads nothing of the answers. */
export const unreadAnswers: Attack = (target, begin) => {
  const ids = [hexToBytes(target.largeId)];
  const request = encodeFrames([encodeRequest({ ids, maxBytes: 16 * MIB })]);
  return holdStreams({ target, begin, identities: 30, each: 4, protocol: FETCH, bytes: request });
};

/** Begins gossip messages of 4 MiB and never ends them. */
export const unfinishedGossip: Attack = (target, begin) =>
  holdStreams({
    target,
    begin,
    identities: 20,
    each: 4,
    protocol: '/meshsub/1.1.0',
    bytes: unfinished(4 * MIB),
  });

/** Begins session frames of 8 MiB and never ends them. */
export const unfinishedSession: Attack = (target, begin) =>
  holdStreams({
    target,
    begin,
    identities: 40,
    each: 1,
    protocol: COMMONWARE,
    bytes: unfinished(8 * MIB),
  });

/** All of a frame but its last 100 bytes. */
function unfinished(length: number): Uint8Array {
  const whole = encodeFrames([new Uint8Array(length)]);
  return whole.subarray(0, whole.length - 100);
}

export interface Hold {
  readonly target: Target;
  begin(): AbortSignal;
  readonly identities: number;
  /** Streams of each identity. */
  readonly each: number;
  readonly protocol: string;
  readonly bytes: Uint8Array;
}

export function holdStreams({
  target,
  begin,
  identities,
  each,
  protocol,
  bytes,
}: Hold): Promise<void> {
  return withStrangers(
    { count: identities, create: () => Stranger.create(target.address), begin },
    (strangers, signal) =>
      keepTrying(identities * each, signal, async (lane) => {
        const stream = await strangers[lane % identities]!.stream(protocol);
        stream.pause();
        stream.send(bytes);
        await over(stream, signal);
        stream.abort(new Error('over'));
      }),
  );
}
