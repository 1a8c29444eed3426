import type { Node, SyncAnswer, SyncResult } from '../../node-api.ts';
import {
  addressBody,
  type LeavingAnswer,
  type LeavingBody,
  leavingAnswer,
  leavingBody,
  peerList,
  peerParams,
  peerStatus,
  status,
  syncAnswer,
  syncBody,
} from '../../schemas/index.ts';
import { json, type Operation, operation } from '../operation.ts';

/** Status, peers and sessions. */
export const meshOperations: readonly Operation[] = [
  operation({
    id: 'getStatus',
    method: 'GET',
    path: '/v1/status',
    tag: 'mesh',
    access: 'read',
    summary: 'The state of the node',
    description: 'The verdict on the set, its figures, and the peers that the node deals with.',
    answers: { 200: json(status, 'The state') },
    errors: ['STORE_CLOSED'],
    handle: (_call, { node }) => node.status(),
  }),
  operation({
    id: 'listPeers',
    method: 'GET',
    path: '/v1/peers',
    tag: 'mesh',
    access: 'read',
    summary: 'All peers that the node knows',
    description: 'Peers met since the start, addresses to dial, and other known nodes.',
    answers: { 200: json(peerList, 'The peers') },
    errors: [],
    handle: (_call, { node }) => ({ peers: node.peers() }),
  }),
  operation({
    id: 'addPeer',
    method: 'POST',
    path: '/v1/peers',
    tag: 'mesh',
    access: 'write',
    summary: 'Dials an address',
    description: 'Dials a multiaddr and keeps it among the addresses to dial until it is removed.',
    body: addressBody,
    answers: { 200: json(peerStatus, 'The peer that answered') },
    errors: [
      ...(['INVALID_ADDRESS', 'UNKNOWN_ADDRESS', 'TOO_MANY_ADDRESSES', 'DIAL_FAILED'] as const),
      ...(['PEER_REFUSED', 'PEER_SILENT', 'PEER_FULL', 'OTHER_IDENTITY'] as const),
      ...(['SAME_IDENTITY', 'WRONG_PRE_SHARED_KEY', 'HANDSHAKE_FAILED'] as const),
    ],
    handle: ({ body }, { node }) => node.dial(body.address),
  }),
  operation({
    id: 'removePeer',
    method: 'DELETE',
    path: '/v1/peers',
    tag: 'mesh',
    access: 'write',
    summary: 'Forgets an address or a peer',
    description:
      'With `address`: stops dialling it. With `peerId`: forgets a peer that is not connected, with its addresses.',
    body: leavingBody,
    answers: { 200: json(leavingAnswer, 'What is not dialled any more') },
    errors: ['INVALID_ADDRESS', 'UNKNOWN_ADDRESS', 'UNKNOWN_PEER', 'OWN_PEER', 'PEER_CONNECTED'],
    handle: ({ body }, { node }) => leave(node, body),
  }),
  operation({
    id: 'pardonPeer',
    method: 'POST',
    path: '/v1/peers/:peerId/pardon',
    tag: 'mesh',
    access: 'write',
    summary: 'Forgets the penalties of a peer',
    description: 'Sets the score of the peer to 0 and ends its ban, so that it may connect again.',
    params: peerParams,
    answers: { 200: json(peerStatus, 'The peer') },
    errors: ['UNKNOWN_PEER', 'OWN_PEER'],
    handle: ({ params: { peerId } }, { node }) => node.pardon(peerId),
  }),
  operation({
    id: 'sync',
    method: 'POST',
    path: '/v1/sync',
    tag: 'mesh',
    access: 'write',
    summary: 'Runs sessions now',
    description:
      'Runs a session with each connected peer, or with `peerId` alone, and answers when they have ended.',
    body: syncBody,
    answers: { 200: json(syncAnswer, 'The verdict, and the result of each session') },
    errors: ['UNKNOWN_PEER', 'OWN_PEER', 'NO_COMMON_DIALECT', 'PAUSED'],
    handle: async ({ body }, { node }) => synced(node, await node.sync(body.peerId)),
  }),
];

async function leave(node: Node, given: LeavingBody): Promise<LeavingAnswer> {
  if ('address' in given) return { removed: node.forget(given.address) };
  return { forgotten: given.peerId, removed: await node.forgetPeer(given.peerId) };
}

function synced(node: Node, sessions: readonly SyncResult[]): SyncAnswer {
  const every = sessions.every((session) => session.equal && session.error === null);
  const verdict = node.verdict();
  // Sessions are equal but for refused items, of which those that are too long make sets different.
  const equal = every && sessions.length > 0 && verdict.state !== 'different';
  return { equal, ...verdict, sessions };
}
