import { z } from 'zod';
import { EVENT_TYPES, type EventType, type NodeEvent } from '../../events/index.ts';
import type { RefusalReason } from '../../node-api.ts';
import { count, errorAnswer, hex64, hintText, instant } from '../common.ts';
import { refuse, schemaOf } from '../define.ts';

/** The types of events wanted, separated by commas; no type means all. */
export const eventsQuery: z.ZodType<ReadonlySet<EventType>> = z
  .strictObject({ type: z.union([z.string(), z.array(z.string())]).optional() })
  .transform(({ type = [] }, context) => {
    const names = [type].flat().flatMap((name) => name.split(','));
    const wrong = names.find((name) => !(EVENT_TYPES as readonly string[]).includes(name));
    if (wrong === undefined) return new Set(names as EventType[]);
    const given = JSON.stringify(wrong).slice(0, 60);
    const message = `type must be one of ${EVENT_TYPES.join(', ')}, not ${given}`;
    return refuse(context, 'INVALID_QUERY', message);
  });

interface EventHead {
  /** What `Last-Event-ID` resumes behind. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
}

/** The result of a session as its event tells it. */
type SessionFacts = Omit<Extract<NodeEvent, { type: 'session' }>, 'peer' | 'error'>;

/** An event as clients see it, or a gap in the events. */
export type EventLine =
  | (EventHead & { readonly type: 'item'; readonly item: string; readonly hint: string })
  | (EventHead & SessionFacts & { readonly peerId: string; readonly error: RefusalReason | null })
  | (EventHead &
      Pick<Extract<NodeEvent, { type: 'peer' }>, 'type' | 'change'> & {
        readonly peerId: string;
      })
  | (EventHead & {
      readonly type: 'want';
      readonly peerId: string;
      readonly items: number;
      readonly first: string;
    })
  | (EventHead &
      Pick<Extract<NodeEvent, { type: 'refused' }>, 'type' | 'change' | 'dropped'> & {
        readonly items: number;
        readonly first: string;
      })
  | (EventHead & Extract<NodeEvent, { type: 'incident' | 'config' }>)
  /** Events of all types that the client did not get; null where it came from another run. */
  | { readonly id: string; readonly type: 'gap'; readonly missed: number | null };

const ID = { id: z.string().describe('What Last-Event-ID resumes behind') };
const HEAD = { ...ID, at: instant };
const peerId = z.string();

export const eventLine: z.ZodType<EventLine> = schemaOf<EventLine>('Event')(
  z.union([
    z
      .strictObject({ ...HEAD, type: z.literal('item'), item: hex64, hint: hintText })
      .describe('An item was stored'),
    z
      .strictObject({
        ...HEAD,
        type: z.literal('session'),
        peerId,
        role: z.enum(['initiator', 'responder']),
        dialect: z.string(),
        durationMs: z.number().min(0),
        equal: z.boolean(),
        missing: count.describe('Ids learnt that were missing here'),
        missingThere: count.nullable().describe('Ids that the peer lacked; null: not told'),
        error: errorAnswer.nullable(),
      })
      .describe('A session ended'),
    z
      .strictObject({
        ...HEAD,
        type: z.literal('peer'),
        peerId,
        change: z.enum(['connected', 'disconnected']),
      })
      .describe('A peer with which sessions are possible came or went'),
    z
      .strictObject({
        ...HEAD,
        type: z.literal('want'),
        peerId,
        items: count,
        first: hex64.describe('The first of their ids'),
      })
      .describe('A peer listed items that are wanted now'),
    z
      .strictObject({
        ...HEAD,
        type: z.literal('refused'),
        change: z.enum(['added', 'removed']),
        items: count.describe('Items that are newly kept out, or let in again'),
        first: hex64.describe('The first of the ids given'),
        dropped: count.describe('Held items that left the set'),
      })
      .describe('An operator kept items out, or let them in again'),
    z
      .strictObject({
        ...HEAD,
        type: z.literal('incident'),
        code: z.string(),
        message: z.string(),
      })
      .describe('A fault of the store'),
    z
      .strictObject({ ...HEAD, type: z.literal('config'), changed: z.array(z.string()) })
      .describe('Keys of the configuration have other values now'),
    z
      .strictObject({
        ...ID,
        type: z.literal('gap'),
        missed: count.nullable().describe('Null: the client came from another run'),
      })
      .describe('Events that the client did not get'),
  ]),
);
