import type { System } from './node/index.ts';
import {
  localMinute,
  systemBusyTime,
  systemClock,
  systemDisk,
  systemLoopDelay,
  systemNetwork,
  systemPrograms,
  systemRandom,
  systemWitness,
} from './system/index.ts';

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
