import { createLogger, type Logger, type LogLevel } from '../../../src/daemon/logging.ts';
import {
  type Access,
  createIdentity,
  createMesh,
  type Mesh,
  type MeshInit,
} from '../../../src/daemon/mesh/index.ts';
import { systemClock, systemRandom } from '../../../src/daemon/system.ts';
import type { Clock } from '../../../src/store/index.ts';
import { within } from '../../support/within.ts';

export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly time: string;
  readonly code?: string;
  readonly [field: string]: unknown;
}

/** A logger whose lines a test can wait for. */
export class Log {
  readonly lines: Line[] = [];
  readonly logger: Logger;
  readonly #waiting = new Set<() => void>();

  constructor(level: LogLevel = 'debug', clock: Clock = systemClock) {
    const write = (line: string) => {
      this.lines.push(JSON.parse(line));
      for (const check of this.#waiting) check();
    };
    this.logger = createLogger({ clock, level, destination: { write } });
  }

  with(code: string): Line[] {
    return this.lines.filter((line) => line.code === code);
  }

  /** The first line that fits, already written or still to come; rejects when none comes. */
  async until(fits: (line: Line) => boolean, what = 'a certain line'): Promise<Line> {
    const found = new Promise<Line>((resolve) => {
      const check = () => {
        const line = this.lines.find(fits);
        if (line === undefined) return;
        this.#waiting.delete(check);
        resolve(line);
      };
      this.#waiting.add(check);
      check();
    });
    const last = () => this.lines.slice(-5).map((line) => `\n  ${line.code ?? '-'} ${line.msg}`);
    return within(found, () => `${what} in the log; it ends:${last().join('')}`);
  }

  code(code: string): Promise<Line> {
    return this.until((line) => line.code === code, code);
  }

  said(text: string): Promise<Line> {
    return this.until((line) => line.msg.includes(text), JSON.stringify(text));
  }
}

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
      ...init,
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
