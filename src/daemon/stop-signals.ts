/**
 * Wishes from outside: that this process end (signals, and the end of a parent that holds an IPC channel), or
 * that it read its configuration again (SIGHUP).
 */

import { EXIT } from './errors.ts';

export type StopListener = (reason: string) => void;

const SIGNALS = {
  SIGTERM: EXIT.terminated,
  SIGINT: EXIT.interrupted,
  SIGHUP: EXIT.hangup,
} as const;
const ORPHANED = 'the parent process ended';

const listeners = new Set<StopListener>();
const reloadListeners = new Set<() => void>();

/** Calls back with the reason each time the process is asked to end. */
export function onStop(listener: StopListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls back each time SIGHUP asks a daemon to read its configuration again. */
export function onReload(listener: () => void): () => void {
  reloadListeners.add(listener);
  return () => reloadListeners.delete(listener);
}

/**
 * Hears wishes from now on. Without a listener nothing has been opened, so a wish ends the process at
 * once: a daemon with 0, any other verb with the exit code that a shell expects of the signal.
 */
export function hearStopWishes({ ignoreHangup }: { ignoreHangup: boolean }): void {
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    // The launcher listened until here. Without any listener in between a signal would be lost.
    const before = process.listeners(signal as NodeJS.Signals);
    process.on(signal, () => {
      if (signal !== 'SIGHUP') wish(signal, exitCode);
      else if (isDaemon()) for (const listener of reloadListeners) listener();
      else if (!ignoreHangup) wish(signal, exitCode);
    });
    for (const listener of before) process.off(signal, listener);
  }
  // Only a process with a parent at the other end of a channel has `send`, and it keeps it.
  if (process.send === undefined) return;
  process.on('disconnect', () => wish(ORPHANED, 0));
  if (!process.connected) wish(ORPHANED, 0);
}

/** A daemon hears the end of its terminal as a wish to reload, which changes nothing then. */
function isDaemon(): boolean {
  return reloadListeners.size > 0 || process.argv[2] === 'start';
}

function wish(reason: string, exitCode: number): void {
  if (listeners.size === 0) process.exit(process.argv[2] === 'start' ? 0 : exitCode);
  for (const listener of listeners) listener(reason);
}
