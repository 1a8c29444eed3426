import type { FastifyInstance } from 'fastify';
import type { Node, SyncAnswer, SyncResult, SyncState } from '../node-api.ts';
import { endpoint, plain, type RoutesInit } from './endpoint.ts';
import { AdminError } from './errors.ts';
import { readAddressBody, readChallenge, readLeavingBody, readSyncBody } from './query.ts';

/** Health, identity, status, peers and sessions. */
export function meshRoutes(app: FastifyInstance, { node, prove, writers }: RoutesInit): void {
  readJsonBodies(app);
  endpoint(app, '/livez', writers, { GET: async () => live(node) });
  endpoint(app, '/readyz', writers, { GET: async () => ready(node) });
  endpoint(app, '/v1/identity/:challenge', writers, {
    GET: plain(async ({ params }) => ({ proof: prove(readChallenge(params)) })),
  });
  endpoint(app, '/v1/status', writers, { GET: plain(async () => node.status()) });
  endpoint(app, '/v1/peers', writers, {
    GET: plain(async () => ({ peers: node.peers() })),
    POST: async ({ body }) => node.dial(readAddressBody(body)),
    DELETE: async ({ body }) => leave(node, readLeavingBody(body)),
  });
  endpoint(app, '/v1/sync', writers, {
    POST: async ({ body }) => synced(node, await node.sync(readSyncBody(body))),
  });
}

async function leave(node: Node, given: ReturnType<typeof readLeavingBody>) {
  if ('address' in given) return { removed: node.forget(given.address) };
  return { forgotten: given.peerId, removed: await node.forgetPeer(given.peerId) };
}

/** JSON and nothing else; a body of no bytes counts as none, of any content type. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') return done(null, undefined);
    try {
      done(null, JSON.parse(body as string));
    } catch (cause) {
      const reason = (cause as Error).message;
      done(new AdminError('INVALID_BODY', `the body is not JSON: ${reason}`, { cause }));
    }
  });
}

function synced(node: Node, sessions: readonly SyncResult[]): SyncAnswer {
  const equal = sessions.every((session) => session.equal && session.error === null);
  return { equal: equal && sessions.length > 0, ...node.verdict(), sessions };
}

/** Probes need no token, so they get the state without its reason, which may name peers. */
function live(node: Node) {
  const broken = node.broken();
  if (broken === null) return { status: 'live', state: node.verdict().state };
  throw new AdminError('NOT_ALIVE', broken.message);
}

function ready(node: Node) {
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
