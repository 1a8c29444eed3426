/**
 * Push: own items are announced to the mesh, announced items are taken in, and the changes that
 * every peer heard of are known. Begin with `own-items.ts` for items that are put here, and with
 * `push.ts` for announcements of peers.
 */

export { isHeld } from './held.ts';
export { OwnItems } from './own-items.ts';
export { Push } from './push.ts';
export { PushCoverage } from './push-coverage.ts';
