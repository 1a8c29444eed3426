/**
 * The real clock, randomness and disk, and the modules of Node that browsers lack. No other room of the
 * store touches them.
 */

export { builtin, nodeFiles } from './builtin.ts';
export { systemClock } from './clock.ts';
export { systemDisk } from './disk.ts';
export { systemRandom } from './random.ts';
