import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bytesToHex } from '../../../store/index.ts';
import type { EventGap, EventReading, NodeEvent, ToldEvent } from '../../events/index.ts';
import type { ExplainedNode } from '../../explain-api.ts';
import { type EventLine, eventLine, eventsQuery } from '../../schemas/index.ts';
import { isoTime } from '../../system/index.ts';
import { AdminError } from '../errors.ts';
import { type Operation, operation } from '../operation.ts';
import { accepts, EVENT_STREAM, goneOf, NDJSON, ndjsonLine, serverSent } from '../streaming.ts';

const FULL = new AdminError('BUSY', 'too many clients read events; close one of them');

/** What happens at the node. */
export const eventOperations: readonly Operation[] = [
  operation({
    id: 'watchEvents',
    method: 'GET',
    path: '/v1/events',
    tag: 'mesh',
    access: 'read',
    summary: 'What happens at the node, until the client leaves',
    description:
      'NDJSON, or server-sent events for `Accept: text/event-stream`. `Last-Event-ID` resumes behind that ' +
      'event. A client that came too late gets a `gap`. An empty line or a comment comes every 15 s ' +
      'without events.',
    query: eventsQuery,
    answers: {
      200: {
        description: 'The events',
        type: NDJSON,
        content: eventLine,
        others: { [EVENT_STREAM]: 'text' },
        headers: { 'cache-control': '`no-store`' },
      },
    },
    errors: [],
    handle: ({ query: types, request, reply }, { node, closing }) => {
      const after = request.headers['last-event-id'];
      const place = typeof after === 'string' ? after : null;
      const reading = node.events.read({ types, after: place, signal: goneOf(reply, closing) });
      if (reading === null) throw FULL;
      const show = accepts(request, EVENT_STREAM) ? serverSent : ndjsonLine;
      const texts = textsOf(reading, node.events, show);
      return describe(request, reply).send(Readable.from(texts, { objectMode: false }));
    },
    head: ({ request, reply }) => describe(request, reply).send(),
  }),
];

function describe(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const type = accepts(request, EVENT_STREAM) ? EVENT_STREAM : NDJSON;
  return reply.header('cache-control', 'no-store').type(`${type}; charset=utf-8`);
}

/** Also while nothing happens: both sides then notice that the other one is gone. */
async function* textsOf(
  reading: EventReading,
  events: ExplainedNode['events'],
  show: (event: EventLine | null) => string,
): AsyncGenerator<string> {
  // The head of the answer goes out with the first bytes.
  yield show(null);
  for await (const read of reading) {
    yield show(read === 'idle' ? null : shown(read, events.place(read)));
  }
}

function shown(read: ToldEvent | EventGap, id: string): EventLine {
  if ('missed' in read) return { id, type: 'gap', missed: read.missed };
  return lineOf({ id, at: isoTime(read.at) }, read.event);
}

function lineOf(head: { readonly id: string; readonly at: string }, event: NodeEvent): EventLine {
  switch (event.type) {
    case 'item':
      return { ...head, type: 'item', item: bytesToHex(event.id), hint: `${event.hint}` };
    case 'want': {
      const { type, peer: peerId, ids, id } = event;
      return { ...head, type, peerId, items: ids, first: bytesToHex(id) };
    }
    case 'refused': {
      const { type, change, ids, id, dropped } = event;
      return { ...head, type, change, items: ids, first: bytesToHex(id), dropped };
    }
    case 'peer':
      return { ...head, type: 'peer', peerId: event.peer, change: event.change };
    case 'session': {
      const { peer: peerId, ...rest } = event;
      return { ...head, peerId, ...rest };
    }
    default:
      return { ...head, ...event };
  }
}
