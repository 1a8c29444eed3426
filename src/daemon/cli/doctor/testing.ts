/** For tests alone: the parts of this room that they look at from inside. */

export { checkClocks } from './clocks.ts';
