import type { StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';

/** A part of the class of Yamux's streams that libp2p's interface lacks. */
interface YamuxStream {
  readonly state: number;
  /** Bytes the peer may send before it waits. */
  readonly recvWindowCapacity: number;
  /** An update brings the capacity back to this. */
  recvWindow: number;
  /** Updates that follow each other soon raise the window up to this. */
  maxStreamWindowSize: number;
  sendWindowUpdate(): void;
  /** The reader has enough for now. */
  sendPause(): void;
}

interface YamuxMuxer extends StreamMuxer {
  _newStream(...args: unknown[]): YamuxStream;
}

/** `StreamState.Established`: no flag waits to be sent with an update. */
const ESTABLISHED = 3;

/** The window of a stream whose reader is always behind: two frames of 64 KiB. */
const LEAST_WINDOW_BYTES = 128 * 1024;

/**
 * Updates the window of Yamux at half, and not for every frame; a reader that falls behind gets a smaller window:
 * see docs/decisions.md.
 */
export function frugal<C>(
  factory: (components: C) => StreamMuxerFactory,
): (components: C) => StreamMuxerFactory {
  return (components) => {
    const muxers = factory(components);
    const create = muxers.createStreamMuxer.bind(muxers);
    muxers.createStreamMuxer = (connection) => {
      const muxer = create(connection) as YamuxMuxer;
      const newStream = muxer._newStream.bind(muxer);
      muxer._newStream = (...args) => asReadersKeepUp(updatedAtHalf(newStream(...args)));
      return muxer;
    };
    return muxers;
  };
}

function updatedAtHalf(stream: YamuxStream): YamuxStream {
  const update = stream.sendWindowUpdate.bind(stream);
  stream.sendWindowUpdate = () => {
    const { state, recvWindow, recvWindowCapacity } = stream;
    if (state !== ESTABLISHED || 2 * recvWindowCapacity <= recvWindow) update();
  };
  return stream;
}

/** Yamux never lowers a window, and raises it for delays that are those of the reader. */
function asReadersKeepUp(stream: YamuxStream): YamuxStream {
  const [update, pause] = [stream.sendWindowUpdate.bind(stream), stream.sendPause.bind(stream)];
  const most = stream.maxStreamWindowSize;
  stream.sendPause = () => {
    pause();
    const least = Math.min(LEAST_WINDOW_BYTES, stream.recvWindow);
    stream.recvWindow = Math.max(least, stream.recvWindow / 2);
    stream.maxStreamWindowSize = stream.recvWindow;
  };
  stream.sendWindowUpdate = () => {
    const before = stream.recvWindowCapacity;
    update();
    if (stream.recvWindowCapacity > before) stream.maxStreamWindowSize = most;
  };
  return stream;
}
