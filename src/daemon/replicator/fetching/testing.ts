/** For tests alone: the parts of this room that they look at from inside. */

export { Claiming } from './claiming.ts';
export { Crowding } from './crowding.ts';
export { Intake, Window } from './intake.ts';
export { LargeTurn } from './large-item-gate.ts';
export { bringsNothing, isLiar, type Judgement, judge, judgeLie } from './peer-penalties.ts';
export { RefusedIds } from './refused-ids.ts';
export { FetchSource, RunningRequest, Sources } from './sources.ts';
export { Stealing } from './stealing.ts';
export { type Delivery, type RequestKind, Throughput } from './throughput.ts';
