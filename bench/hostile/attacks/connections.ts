import { once } from 'node:events';
import { connect } from 'node:net';
import { encodeRequest } from '../../../src/protocol/fetch/testing.ts';
import { encodeFrames } from '../../../src/protocol/network/index.ts';
import { hexToBytes } from '../../../src/store/index.ts';
import { type Attack, keepTrying, restFor, type Target } from './attack.ts';
import { FETCH, over, Stranger, withStrangers } from './stranger.ts';

const STRANGERS = 320;
const IDLE_SOCKETS = 2_000;
const PIPELINES = 400;
const PIPELINED = 1_100;
const REQUEST = 'POST /v1/sync HTTP/1.1\r\nHost: localhost\r\n\r\n';
const UNREAD_SOCKETS = 300;
const ITEM_BYTES = 16 * 1024 * 1024;

/** Connections that speak nothing of the network and stay as long as they may. */
export const strangers: Attack = (target, begin) =>
  withStrangers(
    { count: STRANGERS, create: () => Stranger.create(target.address, { member: false }), begin },
    (all, signal) =>
      keepTrying(STRANGERS, signal, async (lane) => {
        const stranger = all[lane]!;
        await stranger.connect();
        while (stranger.libp2p.getConnections().length > 0 && !signal.aborted) {
          await restFor(200, signal);
        }
      }),
  );

/** New identities that come, are identified, and go. */
export const identities: Attack = (target, begin) => {
  const signal = begin();
  return keepTrying(8, signal, async () => {
    const stranger = await Stranger.create(target.address);
    try {
      await stranger.connect();
      await restFor(300, signal);
    } finally {
      await stranger.stop();
    }
  });
};

/** TCP connections to the admin endpoint that say nothing. */
export const idleHttp: Attack = (target, begin) => knock(target, begin(), IDLE_SOCKETS, '');

/** Many requests in one write, without a token; their answers are not read. */
export const pipelining: Attack = (target, begin) =>
  knock(target, begin(), PIPELINES, REQUEST.repeat(PIPELINED));

/** HTTP requests for a long item whose answers are not read. */
export const unreadHttp: Attack = (target, begin) => {
  const { host } = new URL(target.admin);
  const request = `GET /v1/items/${target.largeId} HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
  return knock(target, begin(), UNREAD_SOCKETS, request);
};

/** Keeps so many connections to the admin endpoint open; each says `text` and reads nothing. */
async function knock(
  target: Target,
  signal: AbortSignal,
  count: number,
  text: string,
): Promise<void> {
  const { hostname, port } = new URL(target.admin);
  await keepTrying(count, signal, async () => {
    const socket = connect(Number(port), hostname);
    const close = (): void => void socket.destroy();
    signal.addEventListener('abort', close, { once: true });
    socket.on('error', () => {});
    if (text !== '') socket.write(text);
    await once(socket, 'close');
    signal.removeEventListener('abort', close);
    await restFor(50, signal);
  });
}

/** Requests for a long item on streams that are reset as soon as the answer begins, or at once. */
export const resetFetch: Attack = (target, begin) => {
  const ids = [hexToBytes(target.largeId)];
  const request = encodeFrames([encodeRequest({ ids, maxBytes: ITEM_BYTES })]);
  const crowd = { count: 8, create: () => Stranger.create(target.address), begin };
  return withStrangers(crowd, (all, signal) =>
    keepTrying(8 * 8, signal, async (lane) => {
      const stream = await all[lane % 8]!.stream(FETCH);
      const answered = new Promise((resolve) => stream.addEventListener('message', resolve));
      stream.send(request);
      if (lane >= 32) await Promise.race([answered, over(stream, signal)]);
      stream.abort(new Error('over'));
    }),
  );
};

/** Requests of a single byte, each on a stream of its own, each worth a line in the log. */
export const badRequests: Attack = (target, begin) =>
  withStrangers({ count: 8, create: () => Stranger.create(target.address), begin }, (all, signal) =>
    keepTrying(8 * 8, signal, async (lane) => {
      const stream = await all[lane % 8]!.stream(FETCH);
      stream.send(encodeFrames([Uint8Array.of(0xff)]));
      await over(stream, signal);
    }),
  );
