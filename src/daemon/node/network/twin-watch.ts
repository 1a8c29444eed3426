import type { Cancel, Clock } from '../../../store/index.ts';
import { DaemonError, EXIT } from '../../errors.ts';
import type { Mesh } from '../../mesh/index.ts';
import { parsePeerAddress, withoutPeer } from '../../peer-address.ts';

interface TwinWatchInit {
  mesh: Pick<Mesh, 'peerId' | 'dialer' | 'probe' | 'twins'>;
  clock: Clock;
  /** Addresses of the configuration: of peers, and of this node as it tells them. */
  peers: readonly string[];
  announce: readonly string[];
}

/** How long after its start a node looks for another one with its identity. */
const WATCH_MS = 30_000;
const LOOK_MS = 1_000;
const PROBE_MS = 5_000;

/**
 * Looks whether the original of a copied data directory runs: it answers with the identity of this node at an
 * address that is not of this node, or a third node introduces both. An address that leads here, also by way of a
 * router, is no other node.
 */
export class TwinWatch {
  /** Resolves with the reason to end, once another node has shown this identity twice in a row. */
  readonly found: Promise<DaemonError>;
  readonly #init: TwinWatchInit;
  readonly #find: (error: DaemonError) => void;
  readonly #probed = new Set<string>();
  readonly #control = new AbortController();
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
    const end = clock.monotonic() + WATCH_MS;
    const look = (): void => {
      for (const { address, lastError } of mesh.dialer.addresses) {
        if (lastError?.code === 'SAME_IDENTITY') void this.#probe(withoutPeer(address));
      }
      if (clock.monotonic() < end) this.#cancel = clock.after(LOOK_MS, look);
    };
    this.#cancel = clock.after(LOOK_MS, look);
  }

  stop(): void {
    this.#cancel();
    this.#control.abort();
  }

  /** Each address once; twice in a row, since an own connection that comes in late looks like that of another. */
  async #probe(address: string): Promise<void> {
    if (this.#probed.has(address)) return;
    this.#probed.add(address);
    if (!((await this.#isTwin(address)) && (await this.#isTwin(address)))) return;
    this.#end(`at ${address}`);
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
