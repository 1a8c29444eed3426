/** The daemon as a library: what `rangemesh start` runs. */
export { type Config, loadConfig } from './config/index.ts';
export { type Daemon, type DaemonInit, type System, startDaemon } from './daemon.ts';
export { DaemonError, type DaemonErrorCode, EXIT } from './errors.ts';
export { createLogger, type LoggingInit } from './logging.ts';
export type { LastSession, Node, PeerStatus, Status, SyncResult } from './node.ts';
export {
  type FileWitness,
  systemClock,
  systemDisk,
  systemRandom,
  systemWitness,
} from './system.ts';
export { VERSION } from './version.ts';
