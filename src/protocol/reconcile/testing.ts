/** For tests alone: the parts of this room that they look at from inside. */

export { intersection, isEmpty } from './interval.ts';
export { rootHint } from './root.ts';
