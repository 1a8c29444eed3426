/** Records and frames of the native dialect: their bytes, their limits and their order. */

export { intersection } from '../../../interval.ts';
export { malformed, RecordWriter } from './bytes.ts';
export { decodeFrame, encodeRecord } from './codec.ts';
export { encodeOpening, type Opening, type PeerLimits } from './opening.ts';
export { RecordOutbox } from './record-outbox.ts';
export type * from './records.ts';
