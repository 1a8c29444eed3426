/**
 * What all peers together may take of this node: `ByteBudget` and `Holding` for memory, `watchHolder` for
 * holders that are slow with it, `TokenBuckets` and `TotalRate` for rates, `PeerWork` for the processor, `Turns` for the
 * event loop, `Traffic` for bytes on the wire.
 * A limit for each peer alone is no bound, since identities cost nothing.
 */

export { ByteBudget, type ByteBudgetInit, type Release } from './byte-budget.ts';
export { Holding } from './holding.ts';
export { PeerWork, type PeerWorkInit, type PeerWorkOptions } from './peer-work.ts';
export { SliceShare } from './slice-share.ts';
export { type SlowHolderInit, watchHolder } from './slow-holder.ts';
export { TokenBuckets, type TokenBucketsInit } from './token-buckets.ts';
export { TotalRate, type TotalRateInit } from './total-rate.ts';
export {
  Traffic,
  type TrafficDirection,
  type TrafficInit,
  type TrafficMeter,
  type TrafficRates,
} from './traffic.ts';
export { Turns, type TurnsInit } from './turns.ts';
