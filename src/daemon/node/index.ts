/** One running node: starts and joins store, mesh and services, and stops them in reverse order. */

export { type Daemon, startDaemon } from './daemon.ts';
export { type DaemonInit, hostSystem, type System } from './init.ts';
