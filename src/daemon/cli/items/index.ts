/** The verbs for items: `put`, `get`, `why`, `ls`, `changes` and those of refused items; and the manifests by which `get` finds names. */

export { changes } from './changes.ts';
export { get, ownFile, put, refuseOwn, why } from './items.ts';
export { ls } from './list.ts';
export { Manifest } from './manifest.ts';
export { refuse, unrefuse } from './refused.ts';
export { listRefused } from './refused-list.ts';
