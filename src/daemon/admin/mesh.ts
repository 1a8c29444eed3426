import type { FastifyInstance } from 'fastify';
import type { Node } from '../node-api.ts';
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
    POST: async ({ body }) => ({ sessions: await node.sync(readSyncBody(body)) }),
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

function live(node: Node) {
  const broken = node.broken();
  if (broken === null) return { status: 'live' };
  throw new AdminError('NOT_ALIVE', broken.message);
}

function ready(node: Node) {
  if (node.ready()) return { status: 'ready' };
  const reason =
    node.status().set.fingerprint === null
      ? 'the index is being built again, or the database opened again; see /v1/status'
      : 'the first round of sessions has not ended yet';
  throw new AdminError('NOT_READY', reason);
}
