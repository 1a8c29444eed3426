import { EXIT } from '../errors.ts';
import type { PeerStatus, Status, SyncResult } from '../node-api.ts';
import type { DaemonClient } from './client.ts';
import { formatPeer, formatPeers, formatSessions, formatStatus } from './format.ts';
import { type CliInit, printLine } from './init.ts';
import { connect, type TargetOptions } from './locate.ts';

/** A session with a large set may take minutes before the answer comes. */
const SYNC_IDLE_MS = 600_000;

export function status(options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, async (client) => {
    const answer = await client.json<Status>({ method: 'GET', path: '/v1/status' });
    return { answer, text: formatStatus(answer), exitCode: EXIT.ok };
  });
}

export function peers(options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, async (client) => {
    const call = { method: 'GET', path: '/v1/peers' } as const;
    const answer = await client.json<{ peers: PeerStatus[] }>(call);
    return { answer, text: formatPeers(answer.peers), exitCode: EXIT.ok };
  });
}

export function addPeer(address: string, options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, async (client) => {
    const answer = await client.sendJson<PeerStatus>(
      { method: 'POST', path: '/v1/peers' },
      { address },
    );
    return { answer, text: formatPeer(answer), exitCode: EXIT.ok };
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
    return { answer, text, exitCode: EXIT.ok };
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

interface VerbResult {
  readonly answer: unknown;
  readonly text: string;
  readonly exitCode: number;
}

async function ask(
  options: TargetOptions,
  init: CliInit,
  question: (client: DaemonClient) => Promise<VerbResult>,
): Promise<number> {
  const client = await connect(options, init);
  try {
    const { answer, text, exitCode } = await question(client);
    await printLine(init.stdout, options.json === true ? JSON.stringify(answer) : text);
    return exitCode;
  } finally {
    client.close();
  }
}
