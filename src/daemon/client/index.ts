/**
 * A client of the admin endpoint for programs, in Node and in browsers: `rangemesh/client`. It needs `fetch`
 * alone, and its types are those of the schemas that check requests and describe answers.
 */

export type {
  BatchLine,
  BatchTrailer,
  Change,
  ChangesHeader,
  ChangesLine,
  ChangesTrailer,
  HaveAnswer,
  ItemLine,
  ItemPage,
  PutAnswer,
} from '../schemas/index.ts';
export type { BatchItem } from './batch.ts';
export type { ChangesInit, FeedEntry, FeedReset, ListChangesInit } from './changes.ts';
export { AdminClient } from './client.ts';
export { ClientError } from './errors.ts';
export type {
  DiffBody,
  ExportItemsInit,
  FetchedItem,
  GetSyncedInit,
  ListItemsInit,
  ListRefusedInit,
  ListWantsInit,
  PutItemInit,
  WatchEventsInit,
} from './inits.ts';
export { readLines, type TextLine } from './lines.ts';
export type {
  AdminClientInit,
  CallInit,
  FetchedAnswer,
  Request,
  Transport,
  TransportInit,
} from './request.ts';
export { type ByteStream, events, lines, type ServerSentEvent } from './streams.ts';
