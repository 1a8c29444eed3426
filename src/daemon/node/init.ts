import type { BulkPace, Clock, Disk, Random } from '../../store/index.ts';
import type { Config, ConfigurationFiles } from '../config/index.ts';
import type { CountingLogger } from '../logging.ts';
import {
  type FileWitness,
  type HostNetwork,
  localMinute,
  type Programs,
  systemBusyTime,
  systemClock,
  systemDisk,
  systemLoopDelay,
  systemNetwork,
  systemPrograms,
  systemRandom,
  systemWitness,
} from '../system/index.ts';

/** The machine as the daemon sees it; tests give another one. */
export interface System {
  clock: Clock;
  random: Random;
  network: HostNetwork;
  /** The disk a directory lies on. */
  disk: (directory: string) => Disk;
  /** The memory of the last commit in a file. */
  witness: (path: string) => FileWitness;
  /**
   * The mean delay of the event loop since the last call, in milliseconds.
   * @default 0
   */
  loopDelayMs?: () => number;
  /**
   * Milliseconds of the processor that this thread has used.
   * @default the clock, so that the time of other programs counts too
   */
  busyMs?: () => number;
  /**
   * Minutes since midnight, in local time, of milliseconds since the epoch.
   * @default those of UTC
   */
  minuteOfDay?: (epochMs: number) => number;
  /**
   * Metrics of the process as text for Prometheus: Node's own.
   * @default none
   */
  processMetrics?: (pace: BulkPace) => Promise<string>;
  /**
   * Starts the program, or loads the module, of a write policy.
   * @default a policy in the configuration ends the start
   */
  programs?: Programs;
}

/** This machine as a daemon sees it: the `system` of `startDaemon`. Each call measures delays of its own. */
export function hostSystem(): System {
  return {
    clock: systemClock,
    random: systemRandom,
    network: systemNetwork,
    disk: systemDisk,
    witness: systemWitness,
    loopDelayMs: systemLoopDelay(),
    busyMs: systemBusyTime,
    minuteOfDay: localMinute,
    programs: systemPrograms,
  };
}

/** What `startDaemon` needs. */
export interface DaemonInit {
  config: Config;
  system: System;
  /** With `losses`, metrics tell of lines that did not reach the log. */
  logger: CountingLogger;
  /**
   * The files of the configuration, for `GET /v1/config` and for reloads.
   * @default a program gave the values: they have no origins, and a reload is refused
   */
  configuration?: ConfigurationFiles | undefined;
  /**
   * Calls the start off, with its reason, while the files of the database are checked.
   * @default never
   */
  signal?: AbortSignal | undefined;
}
