/** For tests alone: the parts of this room that they look at from inside. */

export { readNdjson } from './ndjson.ts';
export { Parcels } from './parcels.ts';
export { createProgress } from './progress.ts';
export { importAll } from './run.ts';
export { formatSummary } from './summary.ts';
