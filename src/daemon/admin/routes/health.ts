import { z } from 'zod';
import type { Node, SyncState } from '../../node-api.ts';
import {
  challengeParams,
  type ProbeAnswer,
  probeAnswer,
  proofAnswer,
} from '../../schemas/index.ts';
import { AdminError } from '../errors.ts';
import { json, type Operation, operation } from '../operation.ts';

/** Monitors add parameters of their own. */
const anyQuery = z.looseObject({});

/** Probes, and the proof of which daemon this is: none needs a token. */
export const healthOperations: readonly Operation[] = [
  operation({
    id: 'getLive',
    method: 'GET',
    path: '/livez',
    tag: 'health',
    access: 'open',
    summary: 'Whether the daemon works',
    description: 'Live while the event loop turns and the database takes writes.',
    query: anyQuery,
    answers: { 200: json(probeAnswer, 'The daemon works') },
    errors: ['NOT_ALIVE'],
    handle: (_call, { node }) => live(node),
  }),
  operation({
    id: 'getReady',
    method: 'GET',
    path: '/readyz',
    tag: 'health',
    access: 'open',
    summary: 'Whether the daemon can be used',
    description:
      'Ready when the daemon listens, the index is whole, and the first round of sessions has ended or timed out.',
    query: anyQuery,
    answers: { 200: json(probeAnswer, 'The daemon can be used') },
    errors: ['NOT_READY'],
    handle: (_call, { node }) => ready(node),
  }),
  operation({
    id: 'getIdentity',
    method: 'GET',
    path: '/v1/identity/:challenge',
    tag: 'health',
    access: 'open',
    summary: 'Proves which daemon this is',
    description:
      'Answers a challenge with its HMAC under the key in `admin.json`, bound to the data directory. The ' +
      'command line asks for it before it shows its token.',
    params: challengeParams,
    answers: { 200: json(proofAnswer, 'The proof') },
    errors: ['INVALID_QUERY'],
    handle: ({ params: { challenge } }, { prove }) => ({ proof: prove(challenge) }),
  }),
];

/** Probes need no token, so they get the state without its reason, which may name peers. */
function live(node: Node): ProbeAnswer {
  const broken = node.broken();
  if (broken === null) return { status: 'live', state: node.verdict().state };
  throw new AdminError('NOT_ALIVE', broken.message);
}

function ready(node: Node): ProbeAnswer {
  const { state } = node.verdict();
  if (node.ready()) return { status: 'ready', state };
  throw new AdminError('NOT_READY', NOT_READY[state] ?? FIRST_ROUND);
}

const FIRST_ROUND = 'the first round of sessions has not ended yet';
const NOT_READY: Partial<Record<SyncState, string>> = {
  rebuilding: 'the index is being built again, or the database opened again; see /v1/status',
  unreadable: 'the database cannot be read; see /v1/status',
  stopping: 'the daemon is shutting down',
};
