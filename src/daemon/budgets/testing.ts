/** For tests alone: the parts of this room that they look at from inside. */

export { ratesAt } from './schedule.ts';
