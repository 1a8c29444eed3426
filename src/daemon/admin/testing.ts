/** For tests alone: the parts of this room that they look at from inside. */

export { HttpConnections } from './connections.ts';
export { refusalOf } from './errors.ts';
export { RequestGuard } from './guard.ts';
export {
  formatCursor,
  parseId,
  readAddressBody,
  readLeavingBody,
  readListQuery,
  readNoBody,
  readNoQuery,
  readPutQuery,
  readSyncBody,
} from './query.ts';
