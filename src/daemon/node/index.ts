/**
 * One running node: opens the store, starts the mesh and the services, joins them, and stops them
 * in the reverse order.
 */

export { type Daemon, startDaemon } from './daemon.ts';
export type { DaemonInit, System } from './init.ts';
