import { createIdentity } from '../../../src/daemon/keys/index.ts';
import {
  type Access,
  createMesh,
  type Mesh,
  type MeshInit,
} from '../../../src/daemon/mesh/index.ts';
import { systemClock, systemNetwork, systemRandom } from '../../../src/daemon/system/index.ts';
import { within } from '../../support/within.ts';
import { Log } from './log.ts';

export interface TestMesh {
  readonly mesh: Mesh;
  readonly log: Log;
}

/** Meshes on 127.0.0.1 that end with the test. */
export class Meshes {
  readonly #running: Mesh[] = [];

  async create(init: Partial<MeshInit<Record<string, unknown>>> = {}): Promise<TestMesh> {
    const log = new Log();
    const mesh = await createMesh({
      identity: await createIdentity(systemRandom),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      peers: [],
      networkName: 'test',
      version: '0.0.0',
      access: { mode: 'open' },
      mdns: false,
      services: {},
      logger: log.logger,
      clock: systemClock,
      random: systemRandom,
      network: systemNetwork,
      ...init,
      // Most tests give no services, so that all nodes are strangers to each other.
      options: { strangerMs: 600_000, ...init.options },
      dialer: { baseMs: 50, maxMs: 400, ...init.dialer },
    });
    this.#running.push(mesh);
    return { mesh, log };
  }

  async start(init: Partial<MeshInit<Record<string, unknown>>> = {}): Promise<TestMesh> {
    const created = await this.create(init);
    await created.mesh.start();
    return created;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((mesh) => mesh.stop()));
  }
}

export function list(...peers: string[]): { access: Access } {
  return { access: { mode: 'list', peers } };
}

export function connectionTo({ mesh }: TestMesh, peer: string): Promise<void> {
  const connected = new Promise<void>((resolve) => {
    if (mesh.connections.connected(peer)) return resolve();
    const unwatch = mesh.connections.watch({
      connected(id) {
        if (id !== peer) return;
        unwatch();
        resolve();
      },
      disconnected: () => undefined,
    });
  });
  return within(connected, `a connection from ${mesh.peerId} to ${peer}`);
}

/** The same address without the peer id at its end. */
export function bare(address: string): string {
  return address.replace(/\/p2p\/.*$/, '');
}
