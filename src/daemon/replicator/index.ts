export type { CatchUpProgress } from './catch-up/index.ts';
export type { ReplicatorInit, ReplicatorServices } from './init.ts';
export { DEFAULT_REPLICATOR_OPTIONS, type ReplicatorOptions } from './options.ts';
export type { PeerRecord } from './peers.ts';
export { Replicator } from './replicator.ts';
export type { Statement, Statements } from './statements.ts';
export type { WantsFile } from './wants-keeper.ts';
export { MAX_RECORD_BYTES } from './wants-record.ts';
export type { Why } from './why.ts';
