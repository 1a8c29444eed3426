/** Calls by which an operator changes a running daemon: configuration, pauses, compaction, refused items. */

export { type CompactLine, compactLine, compactResult } from './compact.ts';
export {
  configurationAnswer,
  type LogLevelAnswer,
  logLevelAnswer,
  logLevelBody,
  reloadAnswer,
} from './configuration.ts';
export { type PauseBody, pauseBody, pauseState, resumeBody } from './pauses.ts';
export {
  type LetInBody,
  letInAnswer,
  letInBody,
  type RefusedBody,
  refusalFields,
  refusedAdded,
  refusedBody,
  refusedPage,
} from './refused.ts';
