import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { AdminClient } from '../../scripts/support/admin-client.ts';
import { DaemonProcess } from '../../scripts/support/daemon-process.ts';
import type { Status } from '../../src/daemon/index.ts';
import { bytesToHex } from '../../src/store/index.ts';
import { inChild } from '../support/child.ts';
import { type BenchNode, stopNode } from '../support/node.ts';
import type { Target } from './attacks/index.ts';

const HOOK = new URL('./victim-hook.ts', import.meta.url).href;
const HONEST = 3;
export const LARGE_BYTES: number = 16 * 1024 * 1024 - 1_024;
const ARGS = [
  ...['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'],
  ...['--set', 'log.level=info', '--set', 'hints.unit=milliseconds'],
];

/** The victim, which holds `items` and an item of 16 MiB, and three honest peers around it. */
export class HostileMesh {
  readonly victim: BenchNode;
  readonly honest: readonly BenchNode[];
  readonly target: Target;

  private constructor(victim: BenchNode, honest: readonly BenchNode[], target: Target) {
    this.victim = victim;
    this.honest = honest;
    this.target = target;
  }

  static async start(folder: string, items: number): Promise<HostileMesh> {
    const victimFolder = join(folder, 'victim');
    const fill = new URL('../catchup/fill-main.ts', import.meta.url);
    await inChild(fill, victimFolder, String(items));
    const honest: BenchNode[] = [];
    for (let i = 0; i < HONEST; i++) honest.push(await startNode(join(folder, `honest-${i}`)));
    const addresses = await Promise.all(honest.map(addressOf));
    const peers = addresses.flatMap((address) => ['--peer', address]);
    const { args, keys } = await roles();
    const hook = ['--expose-gc', '--import', HOOK];
    const victim = await startNode(victimFolder, [...peers, ...args], hook);
    const { id } = await victim.client.put(randomFillSync(new Uint8Array(LARGE_BYTES)));
    const address = await addressOf(victim);
    for (const { client } of honest) await client.addPeer(address);
    const mesh = new HostileMesh(victim, honest, await targetOf(victim, id, keys));
    await mesh.settled(120_000);
    return mesh;
  }

  /** Milliseconds until all four sets are equal; rejects after `limitMs`. */
  async settled(limitMs: number): Promise<number> {
    const begin = performance.now();
    for (;;) {
      const statuses = await Promise.all(
        [this.victim, ...this.honest].map(({ client }) => client.status()),
      );
      if (equal(statuses)) return performance.now() - begin;
      if (performance.now() - begin > limitMs) {
        throw new Error(`the sets are not equal after ${limitMs} ms: ${statuses.map(count)}`);
      }
      await pause(100);
    }
  }

  async stop(): Promise<void> {
    for (const node of [this.victim, ...this.honest]) await stopNode(node, 'SIGKILL');
  }
}

function count({ set }: Status): number {
  return set.items;
}

function equal(statuses: readonly Status[]): boolean {
  const prints = statuses.map(({ set }) => set.fingerprint);
  return prints[0] !== null && prints.every((print) => print === prints[0]);
}

/** Private keys of two attackers, as hex, and arguments of a node that gives each of them a role. */
export async function roles(): Promise<{
  args: readonly string[];
  keys: Pick<Target, 'readerKey' | 'writerKey'>;
}> {
  const [reader, writer] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')];
  return {
    args: [
      ...['--set', `access.read=${peerIdFromPrivateKey(reader)}`],
      ...['--set', `access.write=${peerIdFromPrivateKey(writer)}`],
    ],
    keys: {
      readerKey: bytesToHex(privateKeyToProtobuf(reader)),
      writerKey: bytesToHex(privateKeyToProtobuf(writer)),
    },
  };
}

export async function targetOf(
  node: BenchNode,
  largeId: string,
  keys: Pick<Target, 'readerKey' | 'writerKey'>,
): Promise<Target> {
  return { address: await addressOf(node), admin: node.daemon.admin, largeId, ...keys };
}

export async function startNode(
  dataDir: string,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): Promise<BenchNode> {
  const daemon = await DaemonProcess.start({ dataDir, args: [...ARGS, ...args], execArgv });
  return { daemon, client: new AdminClient({ url: daemon.admin, token: await daemon.token() }) };
}

export async function addressOf({ client }: BenchNode): Promise<string> {
  return (await client.status()).addresses[0]!;
}
