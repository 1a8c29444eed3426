/** For tests alone: the parts of this room that they look at from inside. */

export { StreamChannel, type StreamChannelInit } from './stream-channel.ts';
export { TopologyWatch } from './topology-watch.ts';
