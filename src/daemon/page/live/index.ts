/**
 * Keeps the state of the status page up to date, over the client of the admin endpoint. Clock and frames
 * are passed in, so that it runs without a browser.
 */

export { type AccessInit, PageAccess, type TokenStorage } from './access.ts';
export { failureText } from './failure.ts';
export { type FollowInit, follow } from './follow.ts';
export { PageStore, type PageStoreInit } from './page-store.ts';
export type { PageClock, PageSource } from './types.ts';
