/** For tests alone: the parts of this room that they look at from inside. */

export { DaemonClient, type DaemonIdentity } from './client/index.ts';
export { formatError, lastWords } from './errors.ts';
export {
  configFlags,
  parseBoundFlag,
  parseBytes,
  parseConcurrency,
  parseCount,
  parseHintFlag,
  parseSeconds,
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
export { formatPeerTable } from './format-peer-table.ts';
export { formatWhy } from './format-why.ts';
export { createProgram } from './program/index.ts';
export { VerbCommand } from './verb-command.ts';
