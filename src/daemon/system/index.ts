/** The real clock, randomness, network, disk, witness and output of this machine. No other room touches them. */

export {
  type FileWitness,
  type HostNetwork,
  isoTime,
  keepFilesPrivate,
  outlivesTerminal,
  systemBusyTime,
  systemClock,
  systemDisk,
  systemLoopDelay,
  systemNetwork,
  systemOutput,
  systemRandom,
  systemWitness,
} from './system.ts';
