/** The items of this node as clients take and bring them: many at once, as a stream, and in their order of arrival. */

export { NodeItems } from './bulk-items.ts';
export { OwnFeed } from './own-feed.ts';
