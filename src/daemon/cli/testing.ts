/** For tests alone: the parts of this room that they look at from inside. */

export { DaemonClient, type DaemonIdentity } from './client.ts';
export { lastWords } from './errors.ts';
export {
  configFlags,
  parseBoundFlag,
  parseBytes,
  parseConcurrency,
  parseCount,
  parseHintFlag,
} from './flags.ts';
export {
  formatBytes,
  formatCount,
  formatDuration,
  formatPeer,
  formatPeers,
  formatStatus,
  formatSync,
} from './format.ts';
export { formatWhy } from './format-why.ts';
