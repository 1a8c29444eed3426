/** The real clock, randomness, disk and witness of this machine. No other room touches them. */

export {
  type FileWitness,
  isoTime,
  systemClock,
  systemDisk,
  systemRandom,
  systemWitness,
} from './system.ts';
