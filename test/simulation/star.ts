import { pino } from 'pino';
import { Penalties, penaltyObserver } from '../../src/daemon/penalties/index.ts';
import type { LinkInit } from '../support/memory-network.ts';
import { SimulatedMesh } from './simulated-mesh.ts';
import type { SimulatedNode } from './simulated-node.ts';

export const PEERS = 64;

/** A node with 64 peers that all write, and the penalties that it gives. */
export interface Star {
  readonly mesh: SimulatedMesh;
  readonly penalties: Penalties;
  /** In their order. */
  readonly given: { readonly peer: string; readonly code: string }[];
  readonly incidents: string[];
  readonly link: LinkInit;
  readonly peers: readonly string[];
  connect(): void;
  /** Each ten seconds some node puts an item. */
  write(seconds: number): Promise<void>;
}

export async function star(seed: string): Promise<Star> {
  const mesh = new SimulatedMesh(seed, { intervalMs: 20_000 });
  const { clock, nodes } = mesh;
  const given: { peer: string; code: string }[] = [];
  const incidents: string[] = [];
  const note = ({ msg, peer }: { msg: string; peer: string }) => {
    if (msg === 'peer penalised') given.at(-1)!.peer = peer;
  };
  const penalties: Penalties = new Penalties({
    clock,
    // The log alone names the peer of a penalty.
    logger: pino({ level: 'warn' }, { write: (line) => note(JSON.parse(line)) }),
    connected: () => hub.replicator.peers.connectedOnes.map(({ peer }) => peer),
    named: () => false,
    cutOff: (peer) => mesh.network.disconnect('hub', peer),
    observer: {
      penalised: ({ code }) => void given.push({ peer: 'not told', code }),
      incident: ({ code }) => void incidents.push(code),
    },
  });
  const hub: SimulatedNode = await mesh.add('hub', { observers: [penaltyObserver(penalties)] });
  const link: LinkInit = { latencyMs: 1 };
  for (let i = 1; i <= PEERS; i++) await mesh.add(`peer ${i}`);
  const connect = () => nodes.slice(1).forEach((_, i) => void mesh.link(0, i + 1, link));
  const peers = nodes.slice(1).map(({ id }) => id);
  connect();
  let writes = 0;
  const write = async (seconds: number) => {
    for (let i = 0; i < seconds; i += 10) {
      const payload = new Uint8Array([++writes, writes >> 8]);
      await nodes[writes % nodes.length]!.put({ hint: BigInt(writes), payload });
      await clock.advance(10_000);
    }
  };
  return { mesh, penalties, given, incidents, link, peers, connect, write };
}
