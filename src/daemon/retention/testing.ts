/** For tests alone: the parts of this room that they look at from inside. */

export { FloorClock } from './floor-clock.ts';
export { floorGoal, type KeptItems } from './floor-goal.ts';
