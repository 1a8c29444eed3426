/**
 * The command line: `start` runs a daemon, every other verb speaks to one over HTTP. Begin with
 * `program.ts`, which lists the verbs and names the file of each.
 */
export { runCli } from './cli.ts';
export type { CliInit, DaemonHost, RunningDaemon, Terminal } from './init.ts';
