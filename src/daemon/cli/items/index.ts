/** The verbs for items: `put`, `get`, `why` and `ls`; and the manifests by which `get` finds names. */

export { get, ownFile, put, refuseOwn, why } from './items.ts';
export { ls } from './list.ts';
export { Manifest } from './manifest.ts';
