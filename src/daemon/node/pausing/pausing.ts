import type { Announce } from '../../../protocol/index.ts';
import type { PauseState } from '../../control-api.ts';
import { DaemonError } from '../../errors.ts';
import type { Logger } from '../../logging.ts';
import { notKnown, ownPeer } from '../peer-errors.ts';
import { MAX_PAUSED_PEERS, type PausedFile } from './paused-file.ts';
import type { PausedPeers, PausedSet } from './paused-peers.ts';

interface PausingInit {
  /** The id of this node. */
  self: string;
  /** Whether the node has met the peer, or knows of it in another way. */
  knows: (peer: string) => boolean;
  peers: PausedPeers;
  /** Null: nothing is pushed. */
  announce: Pick<Announce, 'start' | 'stop'> | null;
  file: Pick<PausedFile, 'save'>;
  /** The pause that the last run left. */
  kept: PausedSet;
  logger: Logger;
}

/** The calls of an operator that pause and resume replication, one after the other. */
export class Pausing {
  readonly #init: PausingInit;
  #kept: PausedSet;
  #last: Promise<unknown> = Promise.resolve();
  #announcing = false;
  #stopped = false;

  constructor(init: PausingInit) {
    this.#init = init;
    this.#kept = init.kept;
  }

  get state(): PauseState {
    const { all, peers } = this.#init.peers.paused;
    const kept = { all: this.#kept.all, peers: [...this.#kept.peers] };
    return { all, peers: [...peers], kept };
  }

  /** Takes up the pause of the last run; announces from now on unless all is paused. */
  start(): Promise<void> {
    return this.#apply(this.#kept);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#last.catch(() => undefined);
    await this.#init.announce?.stop();
  }

  /** Rejects with `OWN_PEER`, `UNKNOWN_PEER`, `TOO_MANY_PAUSED`, and with errors of the file; then nothing has changed. */
  async pause({ peerId, keep }: { peerId?: string; keep: boolean }): Promise<PauseState> {
    if (peerId !== undefined) this.#check(peerId);
    const add = (set: PausedSet): PausedSet =>
      peerId === undefined
        ? { all: true, peers: set.peers }
        : { all: set.all, peers: new Set([...set.peers, peerId]) };
    return this.#change(add, keep ? add : (set) => set);
  }

  /** Rejects with `OWN_PEER`, `UNKNOWN_PEER`. */
  async resume(peerId?: string): Promise<PauseState> {
    if (peerId !== undefined) this.#check(peerId);
    const remove = (set: PausedSet): PausedSet =>
      peerId === undefined
        ? { all: false, peers: new Set() }
        : { all: set.all, peers: new Set([...set.peers].filter((each) => each !== peerId)) };
    return this.#change(remove, remove);
  }

  /** A pause of a mistyped peer would pause no peer. A paused peer may be resumed although it is forgotten. */
  #check(peerId: string): void {
    const { self, knows } = this.#init;
    if (peerId === self) throw ownPeer(peerId, ', or none for all peers');
    if (!knows(peerId) && !this.state.peers.includes(peerId)) throw notKnown(peerId);
  }

  #change(
    paused: (set: PausedSet) => PausedSet,
    kept: (set: PausedSet) => PausedSet,
  ): Promise<PauseState> {
    const change = this.#last.catch(() => undefined).then(() => this.#changeNow(paused, kept));
    this.#last = change;
    return change;
  }

  async #changeNow(
    paused: (set: PausedSet) => PausedSet,
    kept: (set: PausedSet) => PausedSet,
  ): Promise<PauseState> {
    if (this.#stopped) throw new DaemonError('SHUTTING_DOWN', 'the daemon is shutting down');
    const { peers, file, logger } = this.#init;
    const next = paused(peers.paused);
    if (next.peers.size > MAX_PAUSED_PEERS) throw tooMany();
    const nextKept = kept(this.#kept);
    if (!isSame(nextKept, this.#kept)) await file.save(nextKept);
    this.#kept = nextKept;
    await this.#apply(next);
    const { state } = this;
    logger.info({ event: 'pause', all: state.all, peers: state.peers }, pauseText(state));
    return state;
  }

  async #apply(next: PausedSet): Promise<void> {
    const { peers, announce } = this.#init;
    peers.set(next);
    const announcing = !next.all;
    if (announcing === this.#announcing) return;
    this.#announcing = announcing;
    if (announcing) announce?.start();
    else await announce?.stop();
  }
}

function isSame(a: PausedSet, b: PausedSet): boolean {
  return a.all === b.all && `${[...a.peers].sort()}` === `${[...b.peers].sort()}`;
}

function pauseText({ all, peers }: PauseState): string {
  if (all) return 'replication is paused';
  return peers.length === 0
    ? 'replication goes on'
    : `replication is paused with ${peers.length} peers`;
}

function tooMany(): DaemonError {
  const message = `${MAX_PAUSED_PEERS} peers are paused already, which is the limit: resume some, or pause all`;
  return new DaemonError('TOO_MANY_PAUSED', message);
}
