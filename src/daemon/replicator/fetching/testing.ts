/** For tests alone: the inner parts of this room. */

export { Attempts } from './attempts.ts';
export { Claiming } from './claiming.ts';
export { Intake, ITEM_BYTES, Window } from './intake.ts';
export { LargeItemGate } from './large-item-gate.ts';
export { bringsNothing, isLiar, type Judgement, judge, judgeLie } from './peer-penalties.ts';
export { RefusedIds } from './refused-ids.ts';
export { RequestReassignment } from './request-reassignment.ts';
export { FetchSource, RunningRequest, Sources } from './sources.ts';
export { Streaming } from './streaming.ts';
export { type Delivery, type RequestKind, Throughput } from './throughput.ts';
