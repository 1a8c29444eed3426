/** Upkeep: waits for a rebuilt index, refills lost items, and keeps the want list over restarts. */

export { IndexWait } from './index-wait.ts';
export { OperatorRefusals } from './operator-refusals.ts';
export { Refill } from './refill.ts';
export { type WantsFile, WantsKeeper, wantEnd } from './wants-keeper.ts';
export { MAX_RECORD_BYTES } from './wants-record.ts';
