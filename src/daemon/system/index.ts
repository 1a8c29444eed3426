/**
 * The real network, witness and output of this machine, beside the clock, randomness and disk of the store.
 * No other room touches them.
 */

export { systemClock, systemDisk, systemRandom } from '../../store/index.ts';

export {
  type Program,
  type ProgramEvents,
  type ProgramInit,
  type Programs,
  systemPrograms,
} from './program.ts';
export {
  type FileWitness,
  fromIsoTime,
  type HostNetwork,
  httpTime,
  isoTime,
  keepFilesPrivate,
  localMinute,
  outlivesTerminal,
  systemBusyTime,
  systemLoopDelay,
  systemNetwork,
  systemOutput,
  systemWitness,
} from './system.ts';
