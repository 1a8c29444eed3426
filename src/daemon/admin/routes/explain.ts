import type { DiffAnswer } from '../../explain-api.ts';
import {
  type DiffLine,
  diffAnswer,
  diffBody,
  diffLine,
  idPageQuery,
  leavingAnswer,
  peerDetails,
  peerParams,
  sessionsAnswer,
  syncedAnswer,
  syncedQuery,
  wantsAnswer,
} from '../../schemas/index.ts';
import { AdminError } from '../errors.ts';
import { json, type Operation, operation } from '../operation.ts';
import { accepts, goneOf, NDJSON, ndjsonLine } from '../streaming.ts';

/** Clients that wait for a node to be in sync, or for the renewal of a proof. */
const WAITING = {
  id: 'getSynced',
  count: 64,
  full: new AdminError('BUSY', 'too many clients wait for this node; ask without "wait"'),
};
/** Each comparison holds the keys of its answer. */
const COMPARING = {
  id: 'diff',
  count: 4,
  full: new AdminError('BUSY', 'other comparisons are running; try again in a moment'),
};

/** The calls by which an operator asks why. */
export const explainOperations: readonly Operation[] = [
  operation({
    id: 'getSynced',
    method: 'GET',
    path: '/v1/synced',
    tag: 'mesh',
    access: 'read',
    summary: 'Whether the node is in sync, yes or no',
    description:
      'The verdict with the proofs of each peer. Sessions first renew proofs that are older than five seconds ' +
      'or `maxLagSeconds`, or that began before `provedSince`. With `wait` the answer comes as soon as it is yes. ' +
      'To rely on a write that was acknowledged before, ask with `provedSince=now`. While 64 clients wait, others are ' +
      'answered at once, from the proofs there are.',
    query: syncedQuery,
    answers: { 200: json(syncedAnswer, 'The answer') },
    errors: [],
    handle: ({ query, reply }, { node, slots, closing }) => {
      const ask = (renews: boolean) =>
        node.explain.synced({ ...query, renews, signal: goneOf(reply, closing) });
      if (query.waitMs === 0 && slots.isFull(WAITING)) return ask(false);
      return slots.hold(WAITING, () => ask(true));
    },
  }),
  operation({
    id: 'diff',
    method: 'POST',
    path: '/v1/diff',
    tag: 'mesh',
    access: 'write',
    summary: 'Names the keys that differ',
    description:
      `Compares with a connected peer and fetches nothing. \`Accept: ${NDJSON}\` asks for a line ` +
      'for each key; the last line has the counts.',
    body: diffBody,
    answers: {
      200: { ...json(diffAnswer, 'The keys on either side'), others: { [NDJSON]: diffLine } },
    },
    errors: [
      ...(['INVALID_HINT', 'UNKNOWN_PEER', 'PAUSED', 'DIALECT_CANNOT_TELL', 'ABORTED'] as const),
      ...(['STORE_REBUILDING', 'STORE_UNAVAILABLE', 'STORE_CLOSED', 'SNAPSHOT_EXPIRED'] as const),
      ...(['MALFORMED_FRAME', 'FRAME_TOO_LARGE', 'UNEXPECTED_FRAME', 'PEER_STOPPED'] as const),
      ...([
        'UNPROVED',
        'TIMEOUT',
        'STALLED',
        'STREAM_CLOSED',
        'STREAM_FAILED',
        'OWN_PEER',
      ] as const),
      ...(['BUDGET_SPENT', 'UNSUPPORTED_PROTOCOL', 'NOTHING_IN_COMMON', 'ROLE_WRITE'] as const),
    ],
    handle: async ({ body, request, reply }, { node, slots }) => {
      const answer = await slots.hold(COMPARING, () => node.explain.diff(body));
      if (!accepts(request, NDJSON)) return answer;
      return reply.type(`${NDJSON}; charset=utf-8`).send(diffLines(answer));
    },
  }),
  operation({
    id: 'listSessions',
    method: 'GET',
    path: '/v1/sessions',
    tag: 'mesh',
    access: 'read',
    summary: 'Running sessions, and the last 200 that ended',
    description: 'Sessions of all peers in either role, the newest first.',
    answers: { 200: json(sessionsAnswer, 'The sessions') },
    errors: [],
    handle: (_call, { node }) => node.explain.sessions(),
  }),
  operation({
    id: 'listWants',
    method: 'GET',
    path: '/v1/wants',
    tag: 'mesh',
    access: 'read',
    summary: 'A page of the wanted items',
    description: 'Items that peers have and this node waits for, by id.',
    query: idPageQuery,
    answers: { 200: json(wantsAnswer, 'A page') },
    errors: ['INVALID_CURSOR'],
    handle: ({ query }, { node }) => node.explain.wants(query),
  }),
  operation({
    id: 'getPeer',
    method: 'GET',
    path: '/v1/peers/:peerId',
    tag: 'mesh',
    access: 'read',
    summary: 'All that is known of one peer',
    description: 'The peer as in the list, with its gaps and its last sessions.',
    params: peerParams,
    answers: { 200: json(peerDetails, 'The peer') },
    errors: ['UNKNOWN_PEER', 'OWN_PEER'],
    handle: ({ params: { peerId } }, { node }) => node.explain.peer(peerId),
  }),
  operation({
    id: 'forgetPeer',
    method: 'DELETE',
    path: '/v1/peers/:peerId',
    tag: 'mesh',
    access: 'write',
    summary: 'Forgets a peer',
    description: 'Forgets a peer that is not connected, with its addresses.',
    params: peerParams,
    answers: { 200: json(leavingAnswer, 'What is not dialled any more') },
    errors: ['UNKNOWN_PEER', 'OWN_PEER', 'PEER_CONNECTED'],
    handle: async ({ params: { peerId } }, { node }) => ({
      forgotten: peerId,
      removed: await node.forgetPeer(peerId),
    }),
  }),
];

/** A line for each key; the last line has the counts. */
function diffLines({ onlyHere, onlyThere, unlisted, ...result }: DiffAnswer): string {
  const lines: DiffLine[] = [
    ...onlyHere.map((key) => ({ side: 'here' as const, ...key })),
    ...onlyThere.map((key) => ({ side: 'there' as const, ...key })),
    ...unlisted.map((key) => ({ side: 'unlisted' as const, ...key })),
    { result },
  ];
  return lines.map(ndjsonLine).join('');
}
