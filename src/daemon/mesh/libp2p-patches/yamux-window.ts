import type { StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';

/** A part of the class of Yamux's streams that libp2p's interface lacks. */
interface YamuxStream {
  readonly state: number;
  /** Bytes the peer may send before it waits. */
  readonly recvWindowCapacity: number;
  /** An update brings the capacity back to this. */
  readonly recvWindow: number;
  sendWindowUpdate(): void;
}

interface YamuxMuxer extends StreamMuxer {
  _newStream(...args: unknown[]): YamuxStream;
}

/** `StreamState.Established`: no flag waits to be sent with an update. */
const ESTABLISHED = 3;

/** Updates the window of Yamux at half, and not for every frame: see docs/decisions.md. */
export function frugal<C>(
  factory: (components: C) => StreamMuxerFactory,
): (components: C) => StreamMuxerFactory {
  return (components) => {
    const muxers = factory(components);
    const create = muxers.createStreamMuxer.bind(muxers);
    muxers.createStreamMuxer = (connection) => {
      const muxer = create(connection) as YamuxMuxer;
      const newStream = muxer._newStream.bind(muxer);
      muxer._newStream = (...args) => updatedAtHalf(newStream(...args));
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
