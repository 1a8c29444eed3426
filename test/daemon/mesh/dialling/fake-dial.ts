import { DaemonError } from '../../../../src/daemon/index.ts';
import { type Dial, Dialer } from '../../../../src/daemon/mesh/dialling/index.ts';
import type { ConnectionWatcher, DialerOptions } from '../../../../src/daemon/mesh/index.ts';
import { Notices } from '../../../../src/daemon/mesh/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { SeededRandom } from '../../../support/random.ts';
import { Log } from '../log.ts';

export const A = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
export const B = '12D3KooWNvHK4U6VqQQQr6Qe89wwbKazUPzQrPZLQmspceywVo3q';
export const SELF = '12D3KooWKDozwyqFDfaHRzswAwuLbUuhB52ZvrLijmTzdj8f54Cx';
export const ONE = '/ip4/192.0.2.1/tcp/4001';
export const TWO = '/ip4/192.0.2.2/tcp/4001';

/** A network in which a test says who is where. */
export class FakeDial implements Dial {
  readonly self: string = SELF;
  readonly at: number[] = [];
  readonly dialled: string[] = [];
  readonly signals: AbortSignal[] = [];
  readonly there: Map<string, string> = new Map();
  readonly #peers = new Set<string>();
  readonly #watchers = new Set<ConnectionWatcher>();
  readonly #clock: VirtualClock;
  readonly useful: Set<string> = new Set();
  hang = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async dial(address: string, signal: AbortSignal): Promise<string> {
    this.dialled.push(address);
    this.at.push(this.#clock.now());
    this.signals.push(signal);
    if (this.hang) return await new Promise(() => undefined);
    await settle();
    const peer = this.there.get(address);
    if (peer === undefined) throw new DaemonError('DIAL_FAILED', `no node at ${address}`);
    if (peer !== SELF) this.connect(peer);
    return peer;
  }

  connected(peer: string): boolean {
    return this.#peers.has(peer);
  }

  brought(peer: string): boolean {
    return this.useful.has(peer);
  }

  watch(watcher: ConnectionWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  connect(peer: string): void {
    if (this.#peers.has(peer)) return;
    this.#peers.add(peer);
    for (const watcher of this.#watchers) watcher.connected(peer);
  }

  disconnect(peer: string): void {
    this.#peers.delete(peer);
    for (const watcher of this.#watchers) watcher.disconnected(peer);
  }

  get pauses(): number[] {
    return this.at.slice(1).map((at, i) => at - this.at[i]!);
  }
}

export interface Stage {
  readonly clock: VirtualClock;
  readonly dial: FakeDial;
  readonly log: Log;
  readonly dialer: Dialer;
}

export function setUp(options: Partial<DialerOptions> = {}): Stage {
  const clock = new VirtualClock();
  const dial = new FakeDial(clock);
  const log = new Log('debug', clock);
  const notices = new Notices({ clock, logger: log.logger });
  const random = new SeededRandom('dialer');
  const dialer = new Dialer({ dial, clock, random, logger: log.logger, notices, options });
  return { clock, dial, log, dialer };
}
