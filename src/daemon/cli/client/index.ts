/** The way of the command line to a daemon: it knows the daemon before it shows the token. */

export {
  type CallSettings,
  type ClientInit,
  DaemonClient,
  type DaemonIdentity,
} from './client.ts';
