/** Parts of this room that its tests look at from inside. */

export { byMessage } from './clock.ts';
