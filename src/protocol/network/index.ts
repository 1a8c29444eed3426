/** The port `Network`: channels of length-prefixed frames with a window, and who is connected. */

export {
  BEGUN_BYTES,
  FREE_FRAME_BYTES,
  MAX_INBOUND,
  PAUSED_STREAM_BYTES,
  RECEIVE_WINDOW_BYTES,
  UNREAD_BYTES,
} from './constants.ts';
export { toProtocolError } from './failure.ts';
export { encodeFrames, FrameBuffer } from './framing.ts';
export type * from './network.ts';
