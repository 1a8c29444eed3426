/** The daemon as a library: what `rangemesh start` runs. */
export { type Config, loadConfig } from './config/index.ts';
export type {
  ConfigurationAnswer,
  NodeControl,
  PauseState,
  ReloadAnswer,
} from './control-api.ts';
export { DaemonError, type DaemonErrorCode, EXIT } from './errors.ts';
export { createLogger, type LoggingInit } from './logging.ts';
export type { DaemonInit, System } from './node/index.ts';
export { type Daemon, hostSystem, startDaemon } from './node/index.ts';
export type {
  LastSession,
  Node,
  PeerStatus,
  Status,
  SyncAnswer,
  SyncResult,
  SyncState,
  Verdict,
} from './node-api.ts';
export {
  type FileWitness,
  type HostNetwork,
  keepFilesPrivate,
  type Program,
  type ProgramEvents,
  type ProgramInit,
  type Programs,
  systemClock,
  systemDisk,
  systemNetwork,
  systemPrograms,
  systemRandom,
  systemWitness,
} from './system/index.ts';
export { VERSION } from './version.ts';
