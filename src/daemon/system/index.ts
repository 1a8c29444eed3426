/** The real clock, randomness, disk, witness and output of this machine. No other room touches them. */

export {
  type FileWitness,
  isoTime,
  outlivesTerminal,
  systemClock,
  systemDisk,
  systemOutput,
  systemRandom,
  systemWitness,
} from './system.ts';
