/** For tests alone: the parts of this room that they look at from inside. */

export { rootHint } from '../../root.ts';
export { Meter } from '../shared/index.ts';
export { DIALECT_VERSION, type NativeVersion, SKETCH_SUMS } from './constants.ts';
export { type Context, shortIdForm } from './context.ts';
export { DifferenceLedger } from './difference-ledger.ts';
export { InboundItems, OutboundItems } from './items.ts';
export { sessionKey } from './key.ts';
export { allowedFor, isHasty, partsWorth } from './narrowing.ts';
export { DEFAULT_NATIVE_LIMITS } from './options.ts';
export type { Cluster, NativeWork, RankedRange } from './work.ts';
