/** Records and frames of the native dialect: their bytes, their limits and their order. */

export { malformed, RecordWriter } from './bytes.ts';
export { decodeFrame, encodeRecord } from './codec.ts';
export { intersection, type Opening, type PeerLimits } from './opening.ts';
export { RecordOutbox } from './record-outbox.ts';
export type {
  FoundRecord,
  IdsRecord,
  ListRecord,
  MatchRecord,
  NativeRecord,
  ProbeRecord,
  RunRecord,
  SketchRecord,
  SplitPart,
  SplitRecord,
} from './records.ts';
