/**
 * Events of a running node, numbered, for clients that watch it. `EventBus` keeps the last events in one
 * ring, and each client reads that ring at its own pace.
 */

export { EventBus, type EventReading, type Reading } from './event-bus.ts';
export {
  EVENT_TYPES,
  type EventGap,
  type EventType,
  type NodeEvent,
  type ToldEvent,
} from './types.ts';
