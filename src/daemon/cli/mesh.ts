import { EXIT } from '../errors.ts';
import type { PeerStatus, Status, SyncResult } from '../node-api.ts';
import { ask } from './ask.ts';
import { formatPeer, formatPeers, formatSessions, formatStatus } from './format.ts';
import type { CliInit } from './init.ts';
import type { TargetOptions } from './locate.ts';

/** A session with a large set may take minutes before the answer comes. */
const SYNC_IDLE_MS = 600_000;

export function status(options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, async (client) => {
    const answer = await client.json<Status>({ method: 'GET', path: '/v1/status' });
    return { answer, text: formatStatus(answer) };
  });
}

export function peers(options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, async (client) => {
    const call = { method: 'GET', path: '/v1/peers' } as const;
    const answer = await client.json<{ peers: PeerStatus[] }>(call);
    return { answer, text: formatPeers(answer.peers) };
  });
}

export function addPeer(address: string, options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, async (client) => {
    const answer = await client.sendJson<PeerStatus>(
      { method: 'POST', path: '/v1/peers' },
      { address },
    );
    return { answer, text: formatPeer(answer) };
  });
}

export function removePeer(
  address: string,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  return ask(options, init, async (client) => {
    const call = { method: 'DELETE', path: '/v1/peers' } as const;
    const answer = await client.sendJson<{ removed: string[] }>(call, { address });
    const text = answer.removed.map((each) => `${each}  is not dialled any more`).join('\n');
    return { answer, text };
  });
}

/** Fails when a session did. */
export function sync(
  peerId: string | undefined,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  return ask(options, init, async (client) => {
    const body = peerId === undefined ? {} : { peerId };
    const answer = await client.sendJson<{ sessions: SyncResult[] }>(
      { method: 'POST', path: '/v1/sync', idleMs: SYNC_IDLE_MS },
      body,
    );
    const failed = answer.sessions.some(({ error }) => error !== null);
    const exitCode = failed ? EXIT.failure : EXIT.ok;
    return { answer, text: formatSessions(answer.sessions), exitCode };
  });
}
