/**
 * What the admin endpoint takes and gives, as zod schemas: they check requests, and OpenAPI and the types of
 * the client come from them. One file for each resource. The types of answers are those of `node-api.ts`
 * where it has them; `schemaOf` has the compiler hold both equal.
 */

export {
  type BatchLine,
  type BatchTrailer,
  batchItem,
  batchLine,
  type ExportQuery,
  exportQuery,
  type HaveAnswer,
  haveAnswer,
  type ItemLine,
  idsBody,
  itemLine,
  MAX_IDS,
} from './bulk.ts';
export {
  type Change,
  type ChangesHeader,
  type ChangesLine,
  type ChangesQuery,
  type ChangesTrailer,
  changesLine,
  changesQuery,
} from './changes.ts';
export { errorAnswer } from './common.ts';
export * from './control/index.ts';
export { type InputCode, NAMED, schemaOf } from './define.ts';
export {
  type DiffLine,
  diffAnswer,
  diffBody,
  diffLine,
  type EventLine,
  eventLine,
  eventsQuery,
  type ItemWhy,
  itemWhy,
  peerDetails,
  peerParams,
  sessionsAnswer,
  syncedAnswer,
  syncedQuery,
  wantsAnswer,
} from './explain/index.ts';
export { retentionStatus } from './guard/index.ts';
export {
  challengeParams,
  type OpenApiDocument,
  openApiDocument,
  type ProbeAnswer,
  type ProofAnswer,
  probeAnswer,
  proofAnswer,
} from './health.ts';
export { idPageQuery } from './id-pages.ts';
export {
  type ItemPage,
  idParams,
  itemPage,
  type ListQuery,
  listQuery,
  type PutAnswer,
  putAnswer,
  putQuery,
} from './items.ts';
export {
  addressBody,
  type LeavingAnswer,
  type LeavingBody,
  leavingAnswer,
  leavingBody,
  type PeerList,
  peerList,
  peerStatus,
} from './peers.ts';
export { status } from './status.ts';
export { syncBody } from './sync.ts';
export { syncAnswer } from './verdict.ts';
export { type VerifyLine, verifyLine } from './verify.ts';
