/**
 * The order of arrival as text: lines of an answer that ends, and events of an answer that goes on. A reader
 * holds one page at a time, however slow its client is; items that arrive meanwhile wait on disk.
 */

export type { PayloadSource } from './entry-text.ts';
export { feedEvents } from './feed-events.ts';
export { feedLines } from './feed-lines.ts';
export { firstPage } from './first-page.ts';
