import { type Cancel, type Clock, delay } from '../../../store/index.ts';
import { DaemonError, EXIT } from '../../errors.ts';
import type { Mesh } from '../../mesh/index.ts';
import { parsePeerAddress, withoutPeer } from '../../peer-address.ts';

interface TwinWatchInit {
  mesh: Pick<Mesh, 'peerId' | 'dialer' | 'discovery' | 'probe' | 'twins'>;
  clock: Clock;
  /** Addresses of the configuration: of peers, and of this node as it tells them. */
  peers: readonly string[];
  announce: readonly string[];
}

/** How long after its start a node looks for another one with its identity at addresses that it dials. */
const WATCH_MS = 30_000;
/** The same for addresses that the other one announced: in a large mesh announcements are a minute apart. */
const ANNOUNCED_MS = 120_000;
const LOOK_MS = 1_000;
/** Times its own age that a run waits before it gives way to one that announced itself. */
const AGES = 2;
const PROBE_MS = 5_000;

/**
 * Looks whether the original of a copied data directory runs: it answers with the identity of this node at an
 * address that is not of this node, or a third node introduces both. The original may also announce that address.
 * An address that leads here, also by way of a router, is no other node.
 */
export class TwinWatch {
  /** Resolves with the reason to end, once another node has shown this identity twice in a row. */
  readonly found: Promise<DaemonError>;
  readonly #init: TwinWatchInit;
  readonly #find: (error: DaemonError) => void;
  readonly #probed = new Set<string>();
  readonly #control = new AbortController();
  #startedAt = 0;
  #cancel: Cancel = () => undefined;

  constructor(init: TwinWatchInit) {
    const { promise, resolve } = Promise.withResolvers<DaemonError>();
    this.found = promise;
    this.#find = resolve;
    this.#init = init;
  }

  start(): void {
    const { mesh, clock, peers, announce } = this.#init;
    void mesh.twins.older.then((peer) => this.#end(`connected with peer ${peer} as this one is`));
    const named = peers.filter((address) => parsePeerAddress(address).peerId === mesh.peerId);
    for (const address of [...named, ...announce]) void this.#probe(withoutPeer(address));
    this.#startedAt = clock.monotonic();
    this.#cancel = clock.after(LOOK_MS, () => this.#look());
  }

  stop(): void {
    this.#cancel();
    this.#control.abort();
  }

  get #ageMs(): number {
    return this.#init.clock.monotonic() - this.#startedAt;
  }

  #look(): void {
    const { mesh, clock } = this.#init;
    const dialled = this.#ageMs <= WATCH_MS ? mesh.dialer.addresses : [];
    for (const { address, lastError } of dialled) {
      if (lastError?.code === 'SAME_IDENTITY') void this.#probe(withoutPeer(address));
    }
    for (const address of mesh.discovery.otherRun) void this.#probeAnnounced(address);
    if (this.#ageMs < ANNOUNCED_MS) this.#cancel = clock.after(LOOK_MS, () => this.#look());
  }

  async #probe(address: string): Promise<void> {
    if (this.#isNew(address) && (await this.#shows(address))) this.#end(`at ${address}`);
  }

  /**
   * Two young runs hear of each other within seconds. The wait is twice the age of this run, so the
   * younger run ends first, and the older one then finds it gone.
   */
  async #probeAnnounced(address: string): Promise<void> {
    if (!this.#isNew(address) || !(await this.#shows(address))) return;
    try {
      await delay(this.#init.clock, AGES * this.#ageMs, this.#control.signal);
    } catch {
      return;
    }
    if (await this.#shows(address)) this.#end(`at ${address}`);
  }

  /** Each address is probed once. */
  #isNew(address: string): boolean {
    if (this.#probed.has(address)) return false;
    this.#probed.add(address);
    return true;
  }

  /** Twice in a row, since an own connection that comes in late looks like that of another. */
  async #shows(address: string): Promise<boolean> {
    return (await this.#isTwin(address)) && (await this.#isTwin(address));
  }

  /** `where`: the place of the other node. */
  #end(where: string): void {
    if (!this.#control.signal.aborted) this.#find(twinRuns(where, this.#init.mesh.peerId));
  }

  async #isTwin(address: string): Promise<boolean> {
    const { mesh, clock } = this.#init;
    const late = new AbortController();
    const cancel = clock.after(PROBE_MS, () => late.abort());
    try {
      await mesh.probe(address, AbortSignal.any([late.signal, this.#control.signal]));
      return false;
    } catch (error) {
      return error instanceof DaemonError && error.code === 'SAME_IDENTITY';
    } finally {
      cancel();
    }
  }
}

function twinRuns(where: string, peerId: string): DaemonError {
  const message =
    `another running node has the identity ${peerId} of this data directory, ${where}: the directory is a copy. ` +
    'Stop that node for good if this one replaces it; else move identity.key out of this directory, and a new identity is made';
  return new DaemonError('SAME_IDENTITY', message, { exitCode: EXIT.inUse });
}
