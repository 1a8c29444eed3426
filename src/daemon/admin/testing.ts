/** For tests alone: the parts of this room that they look at from inside. */

export { BodyDeadlines } from './bodies.ts';
export { BodyChunks, inBlocks } from './bulk/index.ts';
export {
  type AdminRequest,
  type DirectCall,
  HttpConnection,
  HttpConnections,
} from './connections/index.ts';
export { codesOf } from './document.ts';
export { AdminError, type ErrorCode, refusalOf, statusOf } from './errors.ts';
export { feedLines } from './feed/index.ts';
export { RequestGuard } from './guard.ts';
export { parseBody, readInput } from './input.ts';
export { isStreamed, type Operation } from './operation.ts';
export { formatCursor, OPERATIONS } from './routes/index.ts';
