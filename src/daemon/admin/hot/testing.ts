/** For tests alone: the parts of this room that they look at from inside. */

export { type HotInit, HotItems } from './hot-items.ts';
export { plainGet, plainPut } from './plain.ts';
export { type ClientPut, PutGroup } from './put-group.ts';
